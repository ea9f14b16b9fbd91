import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHub } from '@wigwag/hub/node'
import { expect, onTestFinished, test } from 'vitest'
import { PollTransport } from '../../src/node/poll-transport.ts'
import { connectRaw } from '../support/raw-http.ts'

test('an answer that is not read is dropped after a while, with its connection, and the others are answered', async () => {
  const hub = createHub({ maxPublicationBytes: 20_000_000 })
  const transport = new PollTransport(hub, { maxPollBytes: 1024, closeTimeoutMs: 250 })
  let closed = (): void => {}
  const dropped = new Promise<void>((resolve) => {
    closed = resolve
  })
  const server = createServer((incoming, response) => {
    if (incoming.url === '/slow') response.on('close', closed)
    void transport.answer(response, 'a', { after: undefined, waitMs: 50_000 })
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
