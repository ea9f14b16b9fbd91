import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHub } from '@wigwag/hub/node'
import { retainedBytes } from '@wigwag/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { PollTransport } from '../../src/node/poll-transport.ts'
import { readHttpAnswers } from '../support/http-answers.ts'
import { connectRaw } from '../support/raw-http.ts'
import { serveChannels } from '../support/served-channels.ts'

test('an answer that is not read is dropped after a while, with its connection, and the others are answered', async () => {
  const hub = createHub({ maxPublicationBytes: 20_000_000 })
  const transport = new PollTransport(hub, { maxPollBytes: 1024, closeTimeoutMs: 250 })
  let closed = (): void => {}
  const dropped = new Promise<void>((resolve) => {
    closed = resolve
  })
  const server = createServer((incoming, response) => {
    if (incoming.url === '/slow') response.on('close', closed)
    void transport.answer(response, 'a', { after: undefined, since: undefined, waitMs: 50_000 })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const slow = await connectRaw(port)
  slow.socket.pause()
  slow.write('GET /slow HTTP/1.1', 'Host: localhost')
  const reader = fetch(`http://127.0.0.1:${port}/`).then((response) => response.arrayBuffer())
  while (transport.stats.waiting < 2) await new Promise((resolve) => setImmediate(resolve))
  // More than the kernel's buffers of both ends take.
  await hub.publish('a', 'x'.repeat(10_000_000))
  expect((await reader).byteLength).toBeGreaterThan(10_000_000)
  await dropped
  expect(transport.stats).toEqual({ waiting: 0, dropped: 1 })
})

test('polls asked for behind an answer that does not end take no memory for theirs', async () => {
  const { hub, port, endpoint } = await serveChannels()
  await hub.publish('a', 'before')
  const { position } = await hub.publish('a', 'x'.repeat(200_000))
  const raw = await connectRaw(port)
  raw.write('GET /channel/b HTTP/1.1', 'Host: localhost', 'Accept: text/event-stream')
  await raw.until(/: live/)
  const before = retainedBytes()
  const poll = `GET /channel/a?after=${position?.epoch}:1 HTTP/1.1\r\nHost: localhost\r\n\r\n`
  raw.socket.write(poll.repeat(200))
  while (endpoint.stats.admission.connections < 201) await new Promise((resolve) => setImmediate(resolve))
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
  expect(retainedBytes() - before).toBeLessThan(10_000_000)
})

test('polls asked for behind others are answered in their order, each when it is its turn', async () => {
  const { hub, port } = await serveChannels()
  const { position } = await hub.publish('a', 'first')
  const raw = await connectRaw(port)
  const poll = (query: string): string => `GET /channel/a?${query} HTTP/1.1\r\nHost: localhost\r\n\r\n`
  raw.socket.write(poll(`wait=30&after=${position?.epoch}:1`) + poll('') + poll(`after=${position?.epoch}:0`))
  while (hub.stats.subscriptions < 1) await new Promise((resolve) => setImmediate(resolve))
  await hub.publish('a', 'second')
  const text = await raw.until(/"first"[^\]]*\]\n$/)
  const { answers } = readHttpAnswers(text, ['GET', 'GET', 'GET'])
  const [waited, latest, all] = answers.map(({ body }) => body)
  expect([JSON.parse(waited ?? ''), latest, JSON.parse(all ?? '')]).toMatchObject([
    [{ data: 'second' }],
    'second',
    [{ data: 'first' }, { data: 'second' }],
  ])
})
