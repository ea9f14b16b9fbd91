import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { StreamFlushes } from '../../src/node/stream-flushes.ts'
import { StreamedResponse } from '../../src/node/streamed-response.ts'

/** Has a stream written by `write`, which is to end it; resolves with the chunks of its body (RFC 9112 §7.1). */
async function chunksOf(write: (stream: StreamedResponse) => void): Promise<string[]> {
  const server = createServer((_request, response) => write(new StreamedResponse(response, new StreamFlushes())))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.end('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  let text = ''
  for await (const bytes of socket) text += String(bytes)
  let rest = text.slice(text.indexOf('\r\n\r\n') + 4)
  const chunks: string[] = []
  while (rest !== '') {
    const start = rest.indexOf('\r\n') + 2
    const length = Number.parseInt(rest, 16)
    if (length > 0) chunks.push(rest.slice(start, start + length))
    rest = rest.slice(start + length + 2)
  }
  return chunks
}

test('what a turn writes waits for its end, and leaves then', async () => {
  const queued: number[] = []
  const chunks = await chunksOf((stream) => {
    stream.begin('text/plain', '')
    setImmediate(() => {
      for (const each of ['a', 'b']) stream.write(each)
      stream.offer(Buffer.from('c'), 100)
      process.nextTick(() => queued.push(stream.queuedBytes))
      // Behind the flush, which was asked for before.
      setImmediate(() => {
        queued.push(stream.queuedBytes)
        stream.end()
      })
    })
  })
  expect(chunks).toEqual(['a', 'b', 'c'])
  expect(queued).toEqual([3 * '1\r\na\r\n'.length, 0])
})

test('what is written last leaves before the end, and nothing is written behind it', async () => {
  const chunks = await chunksOf((stream) => {
    stream.begin('text/plain', 'first')
    setImmediate(() => {
      stream.write('last')
      stream.end()
      expect(stream.isOver).toBe(true)
      stream.write('never')
    })
  })
  expect(chunks).toEqual(['first', 'last'])
})

test('who reads is not found slow, however much one turn writes', async () => {
  const refused: number[] = []
  const chunks = await chunksOf((stream) => {
    stream.begin('text/plain', '')
    for (let i = 0; i < 100; i++) if (!stream.offer(Buffer.alloc(100, 'x'), 250)) refused.push(i)
    stream.end()
  })
  expect(refused).toEqual([])
  expect(chunks.join('')).toHaveLength(10_000)
})
