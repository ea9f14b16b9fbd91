import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { connectWebSocket, UpgradeRefusedError } from '@wigwag/socket'
import { ChildProgram, hasRedis, RedisServer } from '@wigwag/testkit'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const start = (name: string, env: Record<string, string> = {}): ChildProgram =>
  new ChildProgram(process.execPath, [`${root}/examples/${name}`], { PORT: '0', ...env })

function firstMessage(url: string, send?: string): Promise<string | Uint8Array> {
  return new Promise((resolve, reject) => {
    connectWebSocket(url, {
      open: (socket) => {
        if (send !== undefined) socket.send(send)
      },
      message: (socket, data) => {
        resolve(data)
        socket.close(1000)
      },
    }).catch(reject)
  })
}

test('echo: sends back what it was sent', async () => {
  await using program = start('echo.mjs')
  const [url] = await program.waitFor(/ws:\/\/[\d.:]+/)
  expect(await firstMessage(url, 'hello')).toBe('hello')
})

test('authorize: greets who is known and refuses who is not, beside its own pages', async () => {
  await using program = start('authorize.mjs')
  const [url] = await program.waitFor(/ws:\/\/[\d.:]+\/chat/)
  expect(await firstMessage(`${url}?token=secret-of-ada`)).toBe('hello ada')
  const refused = await connectWebSocket(url).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(UpgradeRefusedError)
  expect(refused).toMatchObject({ status: 401, body: 'Log in first.' })
  expect(await (await fetch(url.replace('ws', 'http').replace('chat', ''))).text()).toBe('your own pages\n')
})

test('push: prices come as an event stream and over a WebSocket', async () => {
  await using program = start('push.mjs')
  const [url] = await program.waitFor(/http:\/\/\S+/)
  expect(JSON.parse(String(await firstMessage(url)))).toMatchObject({ symbol: 'ABC' })
  await using stream = new ChildProgram('curl', ['-sN', '-H', 'Accept: text/event-stream', url])
  await stream.waitFor(/data: \{"symbol":"ABC","price":\d+\}/)
})

test.skipIf(!hasRedis)(
  'many-nodes: what is published on one node is read on the other, and each says that it is ready',
  async () => {
    await using redis = await RedisServer.start()
    await using one = start('many-nodes.mjs', { REDIS_URL: redis.url })
    await using two = start('many-nodes.mjs', { REDIS_URL: redis.url })
    const [[here], [there]] = [await one.waitFor(/http:\/\/\S+/), await two.waitFor(/http:\/\/\S+/)]
    for (const node of [one, two]) await node.waitFor(/Redis is there/)
    expect((await fetch(here, { method: 'POST', body: 'hello' })).status).toBe(200)
    expect(await (await fetch(there)).text()).toBe('hello')
    expect(await (await fetch(new URL('/ready', there))).text()).toBe('ready\n')
  },
)

test('core: two fragments make a message, and a Close is answered', async () => {
  const { stdout } = await start('core.mjs').exit
  expect(stdout.trim().split('\n')).toEqual([
    'text: Hello',
    'write: 81026869',
    'write: 880203e8',
    'closing: 1000',
    'end',
    'closed, clean: true',
  ])
})

test('what stands in the README is what is run here', () => {
  const readme = readFileSync(`${root}/README.md`, 'utf8')
  const samples = [...readme.matchAll(/<!-- (examples\/\S+) -->\n```js\n([\s\S]*?)```/g)]
  expect(samples.map(([, file]) => file)).toEqual([
    'examples/echo.mjs',
    'examples/authorize.mjs',
    'examples/push.mjs',
    'examples/sessions.mjs',
  ])
  for (const [, file, code] of samples) expect(code).toBe(readFileSync(`${root}/${file}`, 'utf8'))
})
