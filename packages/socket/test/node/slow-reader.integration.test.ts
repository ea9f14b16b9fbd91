import type { SocketOptions } from '@wigwag/socket'
import { concatBytes, frameBytes, TEST_MASK } from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'
import { patternText } from './support/digest.ts'
import { attachServer, openServer } from './support/open-server.ts'
import { RawPeer } from './support/raw-peer.ts'

const turn = (): Promise<void> => new Promise(setImmediate)
const KIB = 1024
const MESSAGE = patternText(32 * KIB, 1)

/** A server with one peer that has stopped reading, and as much sent to it as is accepted. */
async function flooded(options: SocketOptions, tls = false) {
  const opened = await attachServer(options, { tls })
  const peer = await RawPeer.upgrade(opened.port, { tls })
  const { socket } = await opened.log.next('open')
  peer.socket.pause()
  const statuses: string[] = []
  let highest = 0
  // TLS takes bytes later than the turn in which they are sent: full is what has been full for some turns.
  for (let fullTurns = 0; fullTurns < 20 && socket.phase === 'open'; ) {
    statuses.push(socket.send(MESSAGE))
    highest = Math.max(highest, socket.bufferedAmount)
    fullTurns = statuses.at(-1) === 'dropped' ? fullTurns + 1 : 0
    if (statuses.length % 4 === 0 || fullTurns > 0) await turn()
  }
  return { ...opened, peer, socket, statuses, highest }
}

describe.each([
  ['plain TCP', false],
  ['TLS', true],
])('a reader that stops, over %s', (_over, tls) => {
  const limits = { maxQueuedBytes: 256 * KIB, highWaterMarkBytes: 64 * KIB }

  test("with slowReader 'close' is closed with 1013, having had at most maxQueuedBytes queued", async () => {
    const { server, socket, statuses, highest, log, peer } = await flooded({ ...limits, closeTimeoutMs: 5000 }, tls)
    expect(highest).toBeLessThanOrEqual(256 * KIB + 200)
    expect(statuses[0]).toBe('ok')
    expect(statuses.at(-2)).toBe('queued')
    expect(log.of('slow')).toMatchObject([{ info: { messageBytes: 32 * KIB } }])
    expect(log.of('slow')[0]?.info.bufferedAmount).toBeGreaterThan(224 * KIB - 100)
    expect(server.stats.dropped).toBe(1)
    expect(socket.phase).toBe('closing')
    expect(log.of('closing')).toMatchObject([{ close: { code: 1013, reason: /too slowly/ } }])
    expect(socket.send('later')).toBe('closed')
    peer.socket.resume()
    await peer.until(() => peer.close !== undefined)
    expect(peer.close?.code).toBe(1013)
    expect(peer.messages).toBe(statuses.length - 1)
    expect(new Set(peer.texts)).toEqual(new Set([MESSAGE]))
  })

  test("with slowReader 'close' is dropped after closeTimeoutMs when it goes on not reading", async () => {
    const { server, log } = await flooded({ ...limits, closeTimeoutMs: 50 }, tls)
    expect((await log.next('close')).outcome).toMatchObject({ code: 1006, clean: false })
    expect(server.sockets.size).toBe(0)
  })

  test("with slowReader 'drop' loses what does not fit, hears so each time, and goes on when it has caught up", async () => {
    const { server, socket, statuses, log, peer } = await flooded({ ...limits, slowReader: 'drop' }, tls)
    const dropped = statuses.filter((status) => status === 'dropped').length
    expect(dropped).toBeGreaterThanOrEqual(20)
    expect(log.of('slow')).toHaveLength(dropped)
    expect(server.stats.dropped).toBe(dropped)
    expect(socket.phase).toBe('open')
    peer.socket.resume()
    await log.next('drain', log.of('drain').length + 1)
    expect(socket.bufferedAmount).toBe(0)
    expect(socket.send('caught up')).toBe('ok')
    await peer.until(() => peer.messages === statuses.length - dropped + 1)
    expect(peer.texts.at(-1)).toBe('caught up')
  })
})

test('an empty queue takes a message of any size; the next one is refused', async () => {
  const { port, log } = await openServer({ maxQueuedBytes: 1000, highWaterMarkBytes: 100, slowReader: 'drop' })
  const peer = await RawPeer.upgrade(port)
  const { socket } = await log.next('open')
  expect(socket.send('x'.repeat(100_000))).toBe('queued')
  expect(socket.send('y')).toBe('dropped')
  await log.next('drain')
  expect(socket.send('z')).toBe('ok')
  await peer.until(() => peer.messages === 2)
})

test('UTF-8 is counted as what it takes on the wire', async () => {
  const { port, log } = await openServer({ maxQueuedBytes: 1000, highWaterMarkBytes: 1000, slowReader: 'drop' })
  await RawPeer.upgrade(port)
  const { socket } = await log.next('open')
  expect(socket.send('é'.repeat(300))).toBe('ok')
  expect(socket.send('a'.repeat(350)), 'three bytes a character would not fit, one does').toBe('ok')
  expect(socket.send('é'.repeat(100))).toBe('dropped')
})

describe('drain follows every queued or dropped', () => {
  test('also where the kernel takes everything at once, below any high-water mark of Node', async () => {
    const { port, log } = await openServer({ highWaterMarkBytes: 100 })
    await RawPeer.upgrade(port)
    const { socket } = await log.next('open')
    expect(socket.send('x'.repeat(200))).toBe('queued')
    expect(log.of('drain')).toHaveLength(0)
    await log.next('drain')
    expect(socket.send('x'.repeat(200))).toBe('queued')
    await log.next('drain', 2)
  })

  test('also where more was sent in the turn of an early flush', async () => {
    const { port, log } = await openServer()
    await RawPeer.upgrade(port)
    const { socket } = await log.next('open')
    expect(socket.send('x'.repeat(70_000))).toBe('queued')
    expect(socket.send('leaves at once with what was before it')).toBe('ok')
    expect(socket.send('leaves at the end of the turn')).toBe('ok')
    await log.next('drain')
    expect(socket.bufferedAmount).toBe(0)
  })

  test('and a handler that sends as much as is taken, each time, is told again and again', async () => {
    let rounds = 0
    const { port, log } = await openServer({
      highWaterMarkBytes: 1000,
      open: (socket) => void socket.send('x'.repeat(2000)),
      drain: (socket) => {
        if (++rounds < 50) while (socket.send('x'.repeat(300)) === 'ok');
      },
    })
    await RawPeer.upgrade(port)
    await log.next('drain', 50)
  })

  test('but not on a socket that has been closed meanwhile', async () => {
    const { port, log } = await openServer({ highWaterMarkBytes: 100 })
    const peer = await RawPeer.upgrade(port)
    const { socket } = await log.next('open')
    expect(socket.send('x'.repeat(200))).toBe('queued')
    socket.close()
    await peer.until(() => peer.close !== undefined)
    peer.frame(8)
    await log.next('close')
    expect(log.of('drain')).toHaveLength(0)
  })
})

test('§5.5.3 a flood of pings from a peer that never reads the pongs stays bounded', async () => {
  const { port, log } = await openServer({ maxControlFramesPerSecond: 1_000_000 })
  const peer = await RawPeer.upgrade(port)
  const { socket } = await log.next('open')
  peer.socket.pause()
  let highest = 0
  const payload = new Uint8Array(125)
  const many = concatBytes(...Array.from({ length: 2000 }, () => frameBytes({ opcode: 9, payload, mask: TEST_MASK })))
  for (let i = 0; i < 60; i++) {
    peer.write(many)
    await log.next('ping', (i + 1) * 2000)
    highest = Math.max(highest, socket.bufferedAmount)
  }
  expect(highest).toBeLessThan(2.2 * 1024 * 1024)
  expect(socket.phase).toBe('open')
})

test('more control frames in a second than maxControlFramesPerSecond: 1008', async () => {
  const { port, log } = await openServer({ maxControlFramesPerSecond: 20 })
  const peer = await RawPeer.upgrade(port)
  for (let i = 0; i < 21; i++) peer.frame(9)
  await peer.until(() => peer.close !== undefined)
  expect(peer.close?.code).toBe(1008)
  peer.socket.end()
  expect((await log.next('close')).outcome.error).toMatchObject({ code: 'ERR_CONTROL_FLOOD' })
})
