import { connectWebSocket } from '@wigwag/socket'
import { runWigwag, type ServedWigwag, serveWigwag } from '@wigwag/testkit'
import { afterEach, describe, expect, test } from 'vitest'
import { askRaw } from './support/raw-client.ts'

let server: ServedWigwag | undefined
const serve = async (...args: string[]): Promise<ServedWigwag> => {
  server = await serveWigwag(args)
  return server
}
afterEach(async () => {
  await server?.program[Symbol.asyncDispose]()
  server = undefined
})

const HOST = 'Host: localhost'
/** A page, the health check, nothing, and a channel: all are behind the same doors. */
const REQUESTS = ['GET / HTTP/1.1', 'GET /health HTTP/1.1', 'GET /nothing HTTP/1.1', 'OPTIONS /channel/a HTTP/1.1']

describe('pages and channels are behind the same doors', () => {
  test.each(REQUESTS)('%s: a foreign Host', async (line) => {
    const { port } = await serve()
    const answer = await askRaw(port, line, 'Host: rebound.example')
    expect(answer).toMatch(/^HTTP\/1\.1 403 [\s\S]*Host "rebound\.example"[\s\S]*--allow-host/)
    expect(await askRaw(port, line, HOST)).not.toMatch(/^HTTP\/1\.1 403/)
  })

  test.each(REQUESTS)('%s: a foreign Host that a trusted proxy explains away', async (line) => {
    const { port } = await serve('--trusted-proxy', 'loopback')
    const answer = await askRaw(port, line, 'Host: rebound.example', 'X-Forwarded-Host: localhost')
    expect(answer).toMatch(/^HTTP\/1\.1 403 /)
  })

  test('requests of an address count together', async () => {
    const { port } = await serve(
      '--trusted-proxy',
      '127.0.0.1',
      '--max-address-requests',
      '1',
      '--max-address-burst',
      '4',
    )
    for (const line of REQUESTS) {
      expect(await askRaw(port, line, HOST, 'X-Forwarded-For: 198.51.100.1')).not.toMatch(/^HTTP\/1\.1 429/)
    }
    const refused = await askRaw(port, 'GET / HTTP/1.1', HOST, 'X-Forwarded-For: 198.51.100.1')
    expect(refused).toMatch(/^HTTP\/1\.1 429 [\s\S]*retry-after: 1[\s\S]*198\.51\.100\.1[\s\S]*--max-address-requests/i)
    expect(await askRaw(port, 'GET / HTTP/1.1', HOST, 'X-Forwarded-For: 198.51.100.2')).toMatch(/^HTTP\/1\.1 200/)
  })

  test('so do connections', async () => {
    const { port, url } = await serve('--max-address-connections', '1', '--exempt-address', '::1')
    const socket = await connectWebSocket(`${url.replace('localhost', '127.0.0.1')}/channel/a`)
    const refused = await askRaw(port, 'GET /health HTTP/1.1', HOST)
    expect(refused).toMatch(/^HTTP\/1\.1 429 [\s\S]*127\.0\.0\.1: 1 are open[\s\S]*--max-address-connections/)
    socket.terminate()
    await expect.poll(() => askRaw(port, 'GET /health HTTP/1.1', HOST)).toMatch(/^HTTP\/1\.1 200/)
  })
})

test('behind a trusted proxy pages of the host that it forwards are our own', async () => {
  const fields = [HOST, 'X-Forwarded-Host: app.example', 'Origin: https://app.example', 'Content-Length: 0']
  const trusting = await serve('--trusted-proxy', '127.0.0.0/8')
  expect(await askRaw(trusting.port, 'POST /channel/a HTTP/1.1', ...fields)).toMatch(/^HTTP\/1\.1 200/)
  await trusting.program[Symbol.asyncDispose]()
  const { port } = await serve()
  expect(await askRaw(port, 'POST /channel/a HTTP/1.1', ...fields)).toMatch(
    /^HTTP\/1\.1 403 [\s\S]*--trusted-proxy 127\.0\.0\.1/,
  )
})

describe('--base-path', () => {
  test('moves everything, and nothing is outside', async () => {
    const { port, program } = await serve('--base-path', '/a/push')
    expect(program.stdout).toMatch(/serves http:\/\/localhost:\d+\/a\/push\n/)
    const status = async (line: string): Promise<string> => (await askRaw(port, `${line} HTTP/1.1`, HOST)).slice(9, 12)
    expect(await status('GET /a/push/')).toBe('200')
    expect(await status('GET /a/push/health')).toBe('200')
    expect(await status('POST /a/push/channel/foo')).toBe('200')
    for (const path of ['/', '/health', '/channel/foo', '/a', '/a/', '/a/pushed', '/a/push/nothing']) {
      expect(await status(`GET ${path}`), path).toBe('404')
    }
    expect(await status('POST /channel/foo')).toBe('404')
    expect(await askRaw(port, 'GET / HTTP/1.1', HOST)).toContain('/a/push/channel/NAME')
    await using publish = runWigwag(['publish', `http://localhost:${port}/a/push`, 'foo', 'hello'])
    expect((await publish.exit).code).toBe(0)
  })

  test('without its slash leads to the page, query kept, wherever a proxy has put it', async () => {
    const { port } = await serve('--base-path', '/a/push')
    const answer = await askRaw(port, 'GET /a/push?channel=foo HTTP/1.1', HOST)
    expect(answer).toMatch(/^HTTP\/1\.1 307 /)
    const [, location = ''] = /^location: (.*)$/im.exec(answer) ?? []
    expect(new URL(location, 'http://x/a/push?channel=foo').href).toBe('http://x/a/push/?channel=foo')
    expect(new URL(location, 'http://x/before/a/push').pathname).toBe('/before/a/push/')
    expect(await askRaw(port, 'POST /a/push HTTP/1.1', HOST)).toMatch(/^HTTP\/1\.1 404 /)
  })
})

test.each([
  [['--base-path', 'push'], 'A base path starts with "/"'],
  [['--base-path', '/push/'], 'A base path starts with "/"'],
  [['--trusted-proxy', 'proxy.example'], 'It takes an address (10.0.0.5), a subnet'],
  [['--exempt-address', '10.0.0.0/40'], 'It takes an address'],
  [['--max-connections', '0'], 'a whole number from 1 up'],
  [['--max-address-burst', '-1'], 'a whole number'],
  [['--header-timeout', '5'], 'A duration is a number with a unit'],
  [['--header-timeout', '10s', '--request-timeout', '5s'], '--header-timeout (10000 ms) is part of --request-timeout'],
])('%j is a mistake, told in one line', async (args, text) => {
  const { code, stderr, stdout } = await runWigwag(['serve', '--port', '0', ...args]).exit
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr.trim().split('\n')).toHaveLength(1)
  expect(stderr).toContain(text)
})
