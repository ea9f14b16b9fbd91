import { concatBytes, frameBytes, TEST_MASK } from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'
import { attachServer, openServer } from './support/open-server.ts'
import { RawPeer, upgradeRequest } from './support/raw-peer.ts'

const text = (payload: string) => frameBytes({ opcode: 1, payload, mask: TEST_MASK })
const turn = (): Promise<void> => new Promise(setImmediate)

describe('pause and resume', () => {
  test('stop between two messages of one chunk, and go on in order', async () => {
    const { port, log } = await openServer({ message: (socket) => socket.pause() })
    const peer = await RawPeer.upgrade(port)
    peer.write(concatBytes(...['a', 'b', 'c', 'd'].map(text)))
    for (let count = 1; count <= 4; count++) {
      const { socket } = await log.next('message', count)
      await turn()
      expect(log.messages).toHaveLength(count)
      socket.resume()
    }
    expect(log.messages).toEqual(['a', 'b', 'c', 'd'])
  })

  test('keep the order over chunks, with a frame cut by their boundary', async () => {
    const { port, log } = await openServer()
    const peer = await RawPeer.upgrade(port)
    const { socket } = await log.next('open')
    peer.frame(1, 'first')
    await log.next('message')
    socket.pause()
    const bytes = concatBytes(...Array.from({ length: 200 }, (_, i) => text(`message ${i}`)))
    for (let at = 0; at < bytes.length; at += 97) {
      peer.write(bytes.subarray(at, at + 97))
      if (at % 10 === 0) await turn()
    }
    expect(log.messages).toEqual(['first'])
    socket.resume()
    await log.next('message', 201)
    expect(log.messages.slice(1)).toEqual(Array.from({ length: 200 }, (_, i) => `message ${i}`))
  })

  test('what a paused socket has to keep is not overwritten by what other sockets receive', async () => {
    const { port, log } = await openServer({
      message: (socket, data) => {
        if (data === 'stop') socket.pause()
      },
    })
    const [paused, lively] = [await RawPeer.upgrade(port), await RawPeer.upgrade(port)]
    paused.write(concatBytes(text('stop'), text('kept for later')))
    const { socket } = await log.next('message')
    lively.frame(1, 'x'.repeat(100))
    await log.next('message', 2)
    socket.resume()
    await log.next('message', 3)
    expect(log.messages[2]).toBe('kept for later')
  })

  test('in open: nothing is told before resume, also of what came with the request', async () => {
    const { port, log } = await openServer({ open: (socket) => socket.pause() })
    const peer = await RawPeer.connect(port)
    peer.write(concatBytes(Buffer.from(upgradeRequest()), text('early')))
    const { socket } = await log.next('open')
    peer.frame(1, 'later')
    await peer.until(() => peer.head !== undefined)
    await turn()
    expect(log.messages).toEqual([])
    socket.resume()
    await log.next('message', 2)
    expect(log.messages).toEqual(['early', 'later'])
  })

  test.each([
    ['plain TCP', false],
    ['TLS', true],
  ])('a paused socket slows its peer down: the kernel fills, memory does not (%s)', async (_over, tls) => {
    const { port, log } = await attachServer({ open: (socket) => socket.pause() }, { tls })
    const peer = await RawPeer.upgrade(port, { tls })
    const { socket } = await log.next('open')
    const frame = text('x'.repeat(65_000))
    let count = 0
    for (let stuckTurns = 0; stuckTurns < 50 && count < 2000; ) {
      if (peer.socket.writableLength < 1024 * 1024) {
        peer.write(frame)
        count++
        stuckTurns = 0
      } else stuckTurns++
      await turn()
    }
    expect(count).toBeLessThan(2000)
    socket.resume()
    await log.next('message', count)
    expect(new Set(log.messages)).toEqual(new Set(['x'.repeat(65_000)]))
  })

  test("the peer's FIN during a pause is told behind everything it sent before", async () => {
    const { port, log } = await openServer({ message: (socket) => socket.pause() })
    const peer = await RawPeer.upgrade(port)
    peer.write(concatBytes(...['a', 'b', 'c'].map(text)))
    peer.socket.end()
    for (let count = 1; count <= 3; count++) {
      const { socket } = await log.next('message', count)
      await turn()
      if (count < 3) expect(log.types).not.toContain('close')
      socket.resume()
    }
    expect((await log.next('close')).outcome.code).toBe(1006)
    expect(log.types).toEqual(['open', 'message', 'message', 'message', 'closing', 'close'])
  })

  test('a close during a pause: the handshake ends at resume, or at the time-out', async () => {
    const { port, log } = await openServer({ open: (socket) => socket.pause(), closeTimeoutMs: 100 })
    const [first, second] = [await RawPeer.upgrade(port), await RawPeer.upgrade(port)]
    await log.next('open', 2)
    const [resumed, left] = log.of('open').map(({ socket }) => socket)
    for (const peer of [first, second]) peer.frame(8, Uint8Array.of(0x03, 0xe8))
    left?.close(1000)
    resumed?.resume()
    expect(await log.next('close')).toMatchObject({ outcome: { code: 1000, clean: true } })
    expect(await log.next('close', 2)).toMatchObject({ outcome: { code: 1006, clean: false } })
  })

  test('sending and being closed by the server still work while paused', async () => {
    const { server, port, log } = await openServer({ open: (socket) => socket.pause() })
    const peer = await RawPeer.upgrade(port)
    const { socket } = await log.next('open')
    expect(socket.send('down')).toBe('ok')
    await peer.until(() => peer.messages === 1)
    server.terminate()
    await log.next('close')
    await peer.until(() => peer.closed)
  })
})
