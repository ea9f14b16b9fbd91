import { expect, test } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import { openSocket, serveChannels, untilSubscribed } from '../support/served-channels.ts'

test('the application’s own routes work, whether they were added before or after attach, and see nothing of ours', async () => {
  const seen: string[] = []
  const { server, url, publish } = await serveChannels({}, (before) => {
    before.on('request', (incoming, response) => {
      seen.push(`before ${incoming.url}`)
      if (incoming.url === '/before') response.end('before')
    })
  })
  server.on('request', (incoming, response) => {
    seen.push(`after ${incoming.url}`)
    if (incoming.url === '/after') response.end('after')
  })
  expect(await (await fetch(url('/before'))).text()).toBe('before')
  expect(await (await fetch(url('/after'))).text()).toBe('after')
  expect((await publish('a', 'x')).status).toBe(200)
  expect(seen).toEqual(['before /before', 'after /before', 'before /after', 'after /after'])
})

test.each(['before', 'after'] as const)(
  'a WebSocket server of the ws package, attached %s, keeps its path',
  async (when) => {
    const attachWs = (httpServer: import('node:http').Server): void => {
      const other = new WebSocketServer({ server: httpServer, path: '/other' })
      other.on('connection', (socket) => socket.on('message', (data) => socket.send(`other: ${String(data)}`)))
    }
    const { server, hub, url, port } = await serveChannels({}, when === 'before' ? attachWs : undefined)
    if (when === 'after') attachWs(server)
    const theirs = new WebSocket(`ws://127.0.0.1:${port}/other`)
    await new Promise((resolve) => theirs.once('open', resolve))
    const answered = new Promise((resolve) => theirs.once('message', (data) => resolve(String(data))))
    theirs.send('hello')
    expect(await answered).toBe('other: hello')
    theirs.terminate()

    const ours = await openSocket(url('/channel/a'))
    await untilSubscribed(hub, 1)
    await hub.publish('a', 'ours')
    expect(await ours.next()).toBe('ours')
  },
)

test('the ws package reads channels, text as text and bytes as binary', async () => {
  const { hub, port } = await serveChannels()
  const socket = new WebSocket(`ws://127.0.0.1:${port}/channel/a`)
  const messages: [string, boolean][] = []
  const all = new Promise<void>((resolve) => {
    socket.on('message', (data, isBinary) => {
      if (messages.push([String(data), isBinary]) === 3) resolve()
    })
  })
  await new Promise((resolve) => socket.once('open', resolve))
  await untilSubscribed(hub, 1)
  await hub.publish('a', 'ž')
  await hub.publish('a', { a: 1 })
  await hub.publish('a', Uint8Array.of(65))
  await all
  socket.terminate()
  expect(messages).toEqual([
    ['ž', false],
    ['{"a":1}', false],
    ['A', true],
  ])
})

test('the function that attach returns undoes it; another endpoint on the same server goes on', async () => {
  const { server, endpoint, publish } = await serveChannels({}, (before) => {
    before.on('request', (_incoming, response) => response.writeHead(418).end())
  })
  const detachAgain = endpoint.attach(server)
  detachAgain()
  detachAgain()
  expect((await publish('a', 'x')).status).toBe(200)
  await endpoint.close()
  expect((await publish('a', 'x')).status).toBe(418)
})
