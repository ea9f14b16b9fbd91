import type { IncomingMessage } from 'node:http'
import { retainedBytes } from '@wigwag/testkit'
import { expect, test } from 'vitest'
import { connectRaw } from '../support/raw-http.ts'
import { openEvents, openSocket, serveChannels } from '../support/served-channels.ts'

const MIB = 1024 * 1024
const LINES = { subprotocols: ['wigwag.publication.v1'] }

// As in CVE-2026-48779 and CVE-2020-36048: what is kept for each piece, not the pieces, takes the memory.
test('a body in chunks of one byte retains about its size, not an object for each chunk', async () => {
  let request: IncomingMessage | undefined
  const { port } = await serveChannels({
    authorize: ({ incoming }) => {
      request = incoming
      return true
    },
  })
  const raw = await connectRaw(port)
  const head = 'POST /channel/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'
  const body = '1\r\nx\r\n'.repeat(200_000)
  const before = retainedBytes()
  raw.socket.write(head + body)
  const isRead = (): boolean => request?.socket.bytesRead === head.length + body.length && request.readableLength === 0
  while (!isRead()) await new Promise((resolve) => setImmediate(resolve))
  expect(retainedBytes() - before).toBeLessThan(4 * MIB)
  raw.socket.write('0\r\n\r\n')
  expect(await raw.until(/"time":\d+/)).toContain('200 OK')
})

// As in CVE-2022-2421 and every other assignment through `__proto__`.
test.each([
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
  '[{"__proto__":null,"toString":1}]',
])('JSON that names a prototype arrives as it was sent, and changes none: %s', async (body) => {
  const { url, publish } = await serveChannels()
  const [lines, events] = [await openSocket(url('/channel/a?live=1'), LINES), await openEvents(url('/channel/a'))]
  await Promise.all([lines.next(), events.live()])
  expect((await publish('a', body, 'application/json')).status).toBe(200)
  expect(await lines.next()).toContain(`"data":${body}`)
  expect((await events.next()).data).toBe(body)
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})
