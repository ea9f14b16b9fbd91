import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { connectRaw } from '../support/raw-http.ts'
import { serveChannels, untilSubscribed } from '../support/served-channels.ts'

const stream = (channel: string): string =>
  `GET /channel/${channel} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n`

// Node never tells an answer that waits for its turn that the client has left.
test('event streams asked for behind one that does not end are not subscribed, and leave nothing behind', async () => {
  const { port, hub, server, endpoint, publish } = await serveChannels({ maxChannels: 5 })
  const connected = once(server, 'connection')
  const raw = await connectRaw(port)
  const [accepted] = (await connected) as [Socket]
  raw.socket.write(['a', 'b', 'c', 'd', 'e', 'f'].map(stream).join(''))
  await raw.until(/: live/)
  expect((await publish('a', 'hello')).status).toBe(200)
  await raw.until(/data: hello/)
  expect(hub.stats).toMatchObject({ channels: 1, subscriptions: 1 })
  expect(endpoint.stats.sse.open).toBe(1)
  raw.socket.destroy()
  await once(accepted, 'close')
  await untilSubscribed(hub, 0)
  for (const channel of ['g', 'h', 'i', 'j', 'k', 'l']) expect((await publish(channel, 'x')).status).toBe(200)
  await endpoint.close()
})

test('an event stream asked for behind other requests begins behind their answers', async () => {
  const { port, publish } = await serveChannels()
  const raw = await connectRaw(port)
  raw.socket.write(`POST /channel/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nfirst${stream('a')}`)
  await raw.until(/: live/)
  await publish('a', 'second')
  expect(await raw.until(/data: second/)).toMatch(
    /^HTTP\/1\.1 200 OK[\s\S]*"offset":1[\s\S]*HTTP\/1\.1 200 OK[\s\S]*: live, 0/,
  )
})

test('a client that leaves in the middle of a body, behind an event stream, is no failure of the server', async () => {
  const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => printed.mockRestore())
  let asked = (_incoming: IncomingMessage): void => {}
  const reading = new Promise<IncomingMessage>((resolve) => {
    asked = resolve
  })
  const { port } = await serveChannels({
    authorize: ({ action, incoming }) => {
      if (action === 'publish') asked(incoming)
      return true
    },
  })
  const raw = await connectRaw(port)
  raw.socket.write(`${stream('a')}POST /channel/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf of`)
  await raw.until(/: live/)
  const { socket } = await reading
  const closed = new Promise((resolve) => socket.once('close', resolve))
  raw.socket.resetAndDestroy()
  await closed
  await new Promise((resolve) => setImmediate(resolve))
  expect(printed.mock.calls).toEqual([])
})
