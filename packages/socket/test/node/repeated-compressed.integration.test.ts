import { once } from 'node:events'
import { connect } from 'node:net'
import { inflateRawSync } from 'node:zlib'
import { nodeDeflate } from '@wigwag/socket'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type ClientOptions, WebSocket as Ws } from 'ws'
import { openServer } from './support/open-server.ts'

afterEach(() => void vi.restoreAllMocks())

const TEXT = JSON.stringify({ symbol: 'ABC', price: 1.5, exchange: 'the one that opens last' }).repeat(3)

describe('the same message, sent to socket after socket although nobody prepared it', () => {
  test('a socket without compression in front does not make the others go without', async () => {
    const { server, url, log } = await openServer({ perMessageDeflate: { thresholdBytes: 0 } })
    await openRaw(url, false)
    await log.next('open', 1)
    const peer = await openRaw(url, true)
    await log.next('open', 1)
    for (const socket of server.sockets) socket.send(TEXT, { compress: true })
    const frame = await peer.next(2)
    expect(frame[0]).toBe(0xc1) // FIN, RSV1, text
    const payload = await peer.next(frame[1] as number)
    expect(inflateRawSync(Buffer.concat([payload, Buffer.of(0, 0, 0xff, 0xff)]), { finishFlush: 2 }).toString()).toBe(
      TEXT,
    )
  })

  for (const [what, again] of [
    ['text', () => TEXT],
    ['bytes', () => Buffer.from(TEXT)],
  ] as const) {
    test(`${what}: three compressions for forty sockets, context takeover included`, async () => {
      const { server, clients } = await openMany(40, {})
      const deflate = vi.spyOn(nodeDeflate, 'deflate')
      const expected: string[] = []
      for (let turn = 0; turn < 20; turn++) {
        const message = `${turn}, `.repeat(turn) + String(again())
        expected.push(message)
        const data = what === 'text' ? message : Buffer.from(message)
        const before = deflate.mock.calls.length
        for (const socket of server.sockets) socket.send(data)
        expect(deflate.mock.calls.length - before).toBeLessThanOrEqual(3)
        await new Promise(setImmediate)
      }
      for (const { told } of clients) await vi.waitFor(() => expect(told).toEqual(expected))
    })
  }

  test('bytes that change between two sends are sent as they are then', async () => {
    const { server, clients } = await openMany(6, {})
    const data = Buffer.alloc(8192, 'x')
    for (let turn = 0; turn < 10; turn++) {
      let n = 0
      for (const socket of server.sockets) {
        if (n++ % 3 === 0) data.fill(`${turn} ${n} `)
        socket.send(data)
      }
      await new Promise(setImmediate)
    }
    const told = (n: number): string[] =>
      Array.from({ length: 10 }, (_, turn) => Buffer.alloc(8192, `${turn} ${n < 3 ? 1 : 4} `).toString())
    for (const [n, client] of clients.entries()) await vi.waitFor(() => expect(client.told).toEqual(told(n)))
  })
})

async function openMany(count: number, perMessageDeflate: ClientOptions['perMessageDeflate']) {
  const { server, url, log } = await openServer({ perMessageDeflate: { thresholdBytes: 0 } })
  const clients: { told: string[] }[] = []
  for (let n = 0; n < count; n++) {
    const ws = new Ws(url, { perMessageDeflate })
    onTestFinished(() => ws.terminate())
    const told: string[] = []
    ws.on('message', (data: Buffer) => told.push(data.toString()))
    await once(ws, 'open')
    await log.next('open', 1)
    clients.push({ told })
  }
  return { server, clients }
}

/** A client that shows the bytes of frames. */
async function openRaw(url: string, offers: boolean) {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  onTestFinished(() => void socket.destroy())
  const offer = offers ? 'Sec-WebSocket-Extensions: permessage-deflate\r\n' : ''
  socket.write(
    `GET / HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n${offer}\r\n`,
  )
  const next = async (bytes: number): Promise<Buffer> => {
    for (;;) {
      const read = socket.read(bytes) as Buffer | null
      if (read !== null) return read
      await once(socket, 'readable')
    }
  }
  let head = ''
  while (!head.endsWith('\r\n\r\n')) head += await next(1)
  return { next }
}
