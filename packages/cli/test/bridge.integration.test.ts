import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectWebSocket } from '@wigwag/socket'
import {
  type ChildProgram,
  freePort,
  hasChromium,
  hasMosquitto,
  hasRedis,
  launchChromium,
  MosquittoServer,
  RedisServer,
  redisCli,
  runWigwag,
} from '@wigwag/testkit'
import { afterEach, describe, expect, test } from 'vitest'

const root = new URL('../../../', import.meta.url)
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function startBridge(args: readonly string[], env = {}): Promise<ChildProgram> {
  const program = runWigwag(['bridge', ...args], env)
  cleanups.push(() => program[Symbol.asyncDispose]())
  await program.waitFor(/Stop: Ctrl-C/)
  return program
}

/** What the first commands of the guide are, with ports that are free here. */
function firstCommands(ports: Readonly<Record<string, number>>): string[][] {
  const guide = readFileSync(new URL('docs/bridge.md', root), 'utf8')
  const [, block = ''] = /```sh\n([\s\S]*?)```/.exec(guide) ?? []
  return block
    .trim()
    .split('\n')
    .map((line) => line.split('#')[0] as string)
    .map((line) =>
      line
        .replace(/\b\d{4}\b/g, (port) => String(ports[port]))
        .trim()
        .split(/\s+/),
    )
}

describe('wigwag bridge', () => {
  test.skipIf(!hasRedis)('the first commands of the guide: redis-cli through both directions', async () => {
    const redis = await RedisServer.start()
    cleanups.push(() => redis[Symbol.asyncDispose]())
    const ports = { 6379: redis.port, 8080: await freePort(), 6380: await freePort() }
    const programs: ChildProgram[] = []
    for (const [wigwag, command, ...args] of firstCommands(ports)) {
      expect([wigwag, command]).toEqual(['wigwag', 'bridge'])
      programs.push(await startBridge(args))
    }
    expect(programs).toHaveLength(2)
    expect(await redisCli(ports[6380], 'set', 'greeting', 'hello')).toBe('OK')
    expect(await redis.cli('get', 'greeting')).toBe('hello')
    for (const program of programs.reverse()) {
      program.kill('SIGTERM')
      expect(await program.exit).toMatchObject({ code: 0 })
    }
  })

  test('a password from the environment, which is in no log', async () => {
    const program = await startBridge(['--listen', '0', '--to', 'localhost:1'], { WIGWAG_CREDENTIAL: 'ann:s3cret' })
    const [, url = ''] = await program.waitFor(/bridges ws(:\/\/\S+) to/)
    const client = runWigwag(['connect', `ws${url}`])
    client.endInput()
    expect(await client.exit).toMatchObject({ code: 1, stderr: expect.stringContaining('401') })
    program.kill('SIGTERM')
    const { stderr } = await program.exit
    expect(stderr).toContain('This bridge asks for a name and a password.')
    expect(stderr).not.toContain('s3cret')
  })

  test('pages that use it are served beside it, behind the same doors', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wigwag-bridge-pages-'))
    cleanups.push(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'vnc.html'), '<!doctype html><title>VNC</title>')
    const target = createServer().listen(0, '127.0.0.1')
    cleanups.push(() => new Promise((resolve) => target.close(resolve)))
    await once(target, 'listening')
    const to = `127.0.0.1:${(target.address() as AddressInfo).port}`
    const args = ['--listen', '0', '--to', to, '--static', folder, '--credential', 'ann:s3cret']
    const program = await startBridge(args)
    const [, port = ''] = await program.waitFor(/bridges ws:\/\/localhost:(\d+)/)
    const url = `http://localhost:${port}`
    const authorization = `Basic ${Buffer.from('ann:s3cret').toString('base64')}`
    expect((await fetch(`${url}/vnc.html`)).status).toBe(401)
    const page = await fetch(`${url}/vnc.html`, { headers: { authorization } })
    expect([page.status, await page.text()]).toEqual([200, '<!doctype html><title>VNC</title>'])
    expect((await fetch(`${url}/..%2f..%2fetc/hostname`, { headers: { authorization } })).status).toBe(404)
    // A page of its own origin comes in, one of another does not.
    const open = (origin: string) =>
      connectWebSocket(`ws://localhost:${port}/websockify`, {
        subprotocols: ['binary'],
        headers: { origin, authorization },
      })
    const socket = await open(url)
    expect(socket.protocol).toBe('binary')
    socket.terminate()
    await expect(open('http://elsewhere.example')).rejects.toThrow('403')
  })

  test.each([
    [['--listen', '0', '--to', 'ws://a', '--static', '.'], /--static has no meaning where TCP comes in/],
    [['--to', 'a:1'], /--listen <where>' not specified/],
    [['--listen', '0'], /Say where it leads/],
    [['--listen', 'nowhere', '--to', 'a:1'], /takes a port, HOST:PORT/],
    [['--listen', '0', '--to', 'nowhere'], /HOST:PORT, \[IPV6\]:PORT or unix/],
    [['--listen', '0.0.0.0:0', '--to', 'a:1'], /--credential NAME:PASSWORD/],
    [['--listen', '[::]:0', '--to', 'ws://a'], /or add --insecure/],
    [['--listen', '0', '--to', 'ws://a', '--allow', 'a:1'], /--allow has no meaning where TCP comes in/],
    [['--listen', '0', '--to', 'a:1', '--ca', 'x'], /--ca has no meaning where WebSockets come in/],
    [['--listen', '0', '--to', 'a:1', '--tls-key', 'x'], /go together/],
  ])('%j is refused in one line', async (args, why) => {
    const { code, stderr } = await runWigwag(['bridge', ...args]).exit
    expect(code).toBe(2)
    expect(stderr).toMatch(why)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})

/** The client library as its package ships it for pages. */
const MQTT_JS = new URL('packages/ws/real/node_modules/mqtt/dist/mqtt.min.js', root)

test.skipIf(!hasChromium || !hasMosquitto || !existsSync(MQTT_JS))(
  'MQTT from a page to Mosquitto, by a library that knows of no bridge',
  async () => {
    const broker = await MosquittoServer.start()
    cleanups.push(() => broker[Symbol.asyncDispose]())
    const pages = createServer((request, response) => {
      const isScript = request.url === '/mqtt.js'
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
      response.end(isScript ? readFileSync(MQTT_JS) : '<script src="/mqtt.js"></script>')
    })
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve))
    cleanups.push(() => new Promise((resolve) => pages.close(resolve)))
    const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`
    const program = await startBridge(['--listen', '0', '--to', `127.0.0.1:${broker.port}`, '--allow-origin', origin])
    const [, url = ''] = await program.waitFor(/bridges (ws:\S+) to/)
    const browser = await launchChromium()
    cleanups.push(() => browser.close())
    const page = await browser.newPage()
    await page.goto(origin)
    const received = await page.evaluate(async (bridge) => {
      const { mqtt } = globalThis as unknown as {
        mqtt: typeof import('node:events') & { connect(url: string): MqttClient }
      }
      interface MqttClient {
        on(event: string, listener: (...args: never[]) => void): void
        subscribe(topic: string, options: object, done: (error?: Error) => void): void
        publish(topic: string, payload: string, options: object): void
        end(force: boolean, options: object, done: () => void): void
      }
      const client = mqtt.connect(bridge)
      const messages: number[] = []
      await new Promise<void>((resolve, reject) => {
        client.on('error', reject as () => void)
        client.on('message', ((_topic: string, payload: Uint8Array) => {
          messages.push(payload.length)
          if (messages.length === 3) resolve()
        }) as () => void)
        client.subscribe('news', { qos: 1 }, (error) => {
          if (error) reject(error)
          // The last is larger than a chunk of the stream and than a message of most brokers.
          for (const size of [5, 70_000, 500_000]) client.publish('news', 'x'.repeat(size), { qos: 1 })
        })
      })
      await new Promise<void>((resolve) => client.end(false, {}, resolve))
      return messages
    }, url)
    expect(received).toEqual([5, 70_000, 500_000])
  },
)
