import { PreparedMessage } from '@wigwag/socket'
import { expect, test } from 'vitest'
import { digest, patternBytes, patternText } from './support/digest.ts'
import { attachServer, openClient, openServer } from './support/open-server.ts'
import { RawPeer } from './support/raw-peer.ts'

test('what one turn sends to one socket leaves in one write', async () => {
  const writes: number[] = []
  const { server, port, log } = await attachServer(
    {},
    {
      before: (http) =>
        http.on('connection', (socket) => {
          // Where every write of bytes ends up, whether it went through the stream or past it.
          const { _handle: handle } = socket as unknown as {
            _handle: { writeBuffer(...args: [unknown, Uint8Array]): number }
          }
          const write = handle.writeBuffer.bind(handle)
          handle.writeBuffer = (request, bytes) => {
            writes.push(bytes.length)
            return write(request, bytes)
          }
        }),
    },
  )
  const peer = await RawPeer.upgrade(port)
  const { socket } = await log.next('open')
  writes.length = 0
  for (let i = 0; i < 500; i++) expect(socket.send(`message ${i}`)).toBe('ok')
  expect(socket.bufferedAmount).toBeGreaterThan(500 * 10)
  expect(writes, 'nothing leaves before the end of the turn').toEqual([])
  await peer.until(() => peer.frames.length === 500)
  expect(writes).toHaveLength(1)
  expect(peer.texts).toEqual(Array.from({ length: 500 }, (_, i) => `message ${i}`))
  expect(socket.bufferedAmount).toBe(0)
  expect([...server.sockets]).toEqual([socket])
})

test('messages of other sockets in between still make one write for each', async () => {
  const { server, port, log } = await openServer()
  const peers = await Promise.all(Array.from({ length: 3 }, () => RawPeer.upgrade(port)))
  await log.next('open', 3)
  const sockets = [...server.sockets]
  for (const peer of peers) peer.chunks = 0
  for (let i = 0; i < 50; i++) for (const [at, socket] of sockets.entries()) socket.send(`${i} to ${at}`)
  await Promise.all(peers.map((peer) => peer.until(() => peer.frames.length === 50)))
  expect(peers.map(({ chunks }) => chunks)).toEqual([1, 1, 1])
  const received = peers.map(({ texts }) => texts).sort()
  expect(received).toEqual([0, 1, 2].map((at) => Array.from({ length: 50 }, (_, i) => `${i} to ${at}`)))
})

test('pings, a close and messages of one turn keep their order', async () => {
  const { port, log } = await openServer()
  const peer = await RawPeer.upgrade(port)
  const { socket } = await log.next('open')
  socket.send('a')
  socket.ping(Buffer.from('b'))
  socket.send(new Uint8Array(20_000).fill(1))
  socket.pong(Buffer.from('c'))
  socket.send('d')
  socket.close(3000, 'e')
  expect(socket.send('f')).toBe('closed')
  await peer.until(() => peer.ended || peer.close !== undefined)
  expect(peer.frames.map(({ opcode }) => opcode)).toEqual([1, 9, 2, 10, 1, 8])
  expect(peer.frames[2]?.payload.equals(Buffer.alloc(20_000, 1))).toBe(true)
  expect(peer.close).toEqual({ code: 3000, reason: 'e' })
})

test.each([
  ['plain TCP', false],
  ['TLS', true],
])('over %s, a prepared message to many with others mixed in reaches each whole and in order', async (_over, tls) => {
  const { server, port, log } = await attachServer({ maxQueuedBytes: 64 * 1024 * 1024 }, { tls })
  const peers: RawPeer[] = []
  for (let i = 0; i < 40; i++) peers.push(await RawPeer.upgrade(port, { tls }))
  await log.next('open', 40)
  const sockets = [...server.sockets]
  const expected: string[][] = sockets.map(() => [])
  const send = (at: number, message: string | Uint8Array | PreparedMessage): void => {
    sockets[at]?.send(message)
    expected[at]?.push(digest(message instanceof PreparedMessage ? message.data : message))
  }
  const kept = new PreparedMessage('kept over all turns')
  for (let turn = 0; turn < 30; turn++) {
    const sizes = [10, 300, 20_000, 70_000]
    const text = new PreparedMessage(patternText(sizes[turn % 4] as number, turn))
    const binary = new PreparedMessage(patternBytes(sizes[(turn + 1) % 4] as number, turn))
    for (let at = 0; at < sockets.length; at++) {
      if ((at + turn) % 3 === 0) send(at, patternText(200, at))
      send(at, text)
      if ((at + turn) % 5 === 0) send(at, patternBytes(17_000, at))
      send(at, binary)
      send(at, kept)
      if ((at + turn) % 7 === 0) send(at, `behind ${turn}`)
    }
    await new Promise(setImmediate)
  }
  for (const [at, peer] of peers.entries()) {
    // Sockets come in the order of the connections: each was awaited.
    await peer.until(() => peer.frames.length >= (expected[at]?.length ?? 0))
    const received = peer.frames.map(({ opcode, payload }) => digest(opcode === 1 ? payload.toString() : payload))
    expect(received).toEqual(expected[at])
  }
})

test('a prepared message is encoded again when the arena was recycled in between, and goes out right every time', async () => {
  const { port, log } = await openServer()
  const peer = await RawPeer.upgrade(port)
  const { socket } = await log.next('open')
  const prepared = [new PreparedMessage('text é'), new PreparedMessage(patternBytes(500, 1))]
  for (let turn = 0; turn < 5; turn++) {
    for (const message of prepared) socket.send(message)
    socket.send(`overwrites what lies there ${turn}`)
    for (const message of prepared) socket.send(message)
    await peer.until(() => peer.frames.length === (turn + 1) * 5)
  }
  const sent = prepared.map(({ data }) => digest(data))
  for (let turn = 0; turn < 5; turn++) {
    const frames = peer.frames.slice(turn * 5, turn * 5 + 5)
    const received = frames.map(({ opcode, payload }) => digest(opcode === 1 ? payload.toString() : payload))
    expect(received).toEqual([...sent, digest(`overwrites what lies there ${turn}`), ...sent])
  }
})

test('§5.1 a client masks every frame with a key of its own, also of one prepared message', async () => {
  const { url, log } = await openServer()
  const { socket } = await openClient(url)
  const message = new PreparedMessage('to many')
  for (let i = 0; i < 3000; i++) socket.send(message)
  await log.next('message', 3000)
  expect(new Set(log.messages)).toEqual(new Set(['to many']))
})
