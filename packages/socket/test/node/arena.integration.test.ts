import { PreparedMessage } from '@wigwag/socket'
import { describe, expect, test } from 'vitest'
import { digest, patternBytes, patternText } from './support/digest.ts'
import { attachServer, openServer } from './support/open-server.ts'
import { RawPeer } from './support/raw-peer.ts'

const turn = (): Promise<void> => new Promise(setImmediate)

/** Small numbers that repeat from run to run. */
function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

describe.each([
  ['plain TCP', false],
  ['TLS', true],
])('the arena all sockets share, over %s', (_over, tls) => {
  test.each([1, 2])(
    'no byte is wrong while readers stop and go, and sockets die in between (seed %i)',
    async (seed) => {
      const random = seeded(seed)
      const { server, port, log } = await attachServer({ maxQueuedBytes: 256 * 1024 * 1024 }, { tls })
      const peers: RawPeer[] = []
      for (let i = 0; i < 12; i++) peers.push(await RawPeer.upgrade(port, { tls }))
      await log.next('open', 12)
      const sockets = [...server.sockets]
      const expected: string[][] = sockets.map(() => [])
      const kept = new PreparedMessage(patternText(3000, seed))
      const sizes = [5, 130, 4000, 15_000, 17_000, 40_000, 50_000, 140_000]
      for (let round = 0; round < 60; round++) {
        const shared = [kept, new PreparedMessage(patternBytes(sizes[random(8)] as number, round))]
        for (const [at, socket] of sockets.entries()) {
          // Sockets 0 to 2 are flooded until the kernel takes no more; the others get little.
          const count = at < 3 ? 6 + random(10) : random(3)
          for (let i = 0; i < count; i++) {
            const size = sizes[random(at < 3 ? 8 : 4)] as number
            const kind = random(4)
            const message =
              kind === 0
                ? (shared[random(2)] as PreparedMessage)
                : kind === 1
                  ? patternBytes(size, at * 1000 + i)
                  : patternText(size, round * 100 + at)
            if (socket.send(message) !== 'closed')
              expected[at]?.push(digest(message instanceof PreparedMessage ? message.data : message))
          }
        }
        const stopped = peers[random(3)] as RawPeer
        if (random(5) > 0) stopped.socket.pause()
        else stopped.socket.resume()
        if (round === 20) sockets[11]?.terminate()
        if (round === 25) peers[10]?.reset()
        if (round === 30) peers[9]?.socket.destroy()
        if (round === 35) sockets[8]?.close(1000)
        await turn()
      }
      for (const peer of peers) peer.socket.resume()
      for (const [at, peer] of peers.entries()) {
        const wanted = expected[at] as string[]
        const whole = at < 8
        await peer.until(() => peer.closed || peer.messages >= wanted.length)
        const received = peer.frames
          .filter(({ opcode }) => opcode < 8)
          .map(({ opcode, payload }) => digest(opcode === 1 ? payload.toString() : payload))
        expect(received).toEqual(whole ? wanted : wanted.slice(0, received.length))
      }
    },
  )

  test('frames encoded in the turn in which a socket got stuck are not overwritten by the next turns', async () => {
    const { server, port, log } = await attachServer({ maxQueuedBytes: 256 * 1024 * 1024 }, { tls })
    const [stuck, lively] = [await RawPeer.upgrade(port, { tls }), await RawPeer.upgrade(port, { tls })]
    await log.next('open', 2)
    const [toStuck, toLively] = [...server.sockets]
    stuck.socket.pause()
    const expected: string[] = []
    // Just short of, at, and above the 64 KiB at which an early flush happens, until nothing more is taken.
    while ((toStuck?.bufferedAmount ?? 0) < 4 * 1024 * 1024) {
      for (const size of [1000, 30_000, 34_500, 3, 12_000]) {
        const text = patternText(size, expected.length)
        toStuck?.send(text)
        expected.push(digest(text))
      }
      await turn()
    }
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < 6; j++) toLively?.send(patternText(40_000, i * 6 + j))
      await turn()
    }
    stuck.socket.resume()
    await stuck.until(() => stuck.frames.length === expected.length)
    expect(stuck.texts.map(digest)).toEqual(expected)
    await lively.until(() => lively.frames.length === 600)
    expect(lively.texts.map(digest)).toEqual(Array.from({ length: 600 }, (_, i) => digest(patternText(40_000, i))))
  })
})

test('what waits for a slow reader takes about its own size of memory, not a whole arena for each turn', async () => {
  const { port, log } = await openServer({ maxQueuedBytes: 64 * 1024 * 1024 })
  const peer = await RawPeer.upgrade(port)
  const { socket } = await log.next('open')
  peer.socket.pause()
  while (socket.bufferedAmount < 1024 * 1024) {
    socket.send(new Uint8Array(512 * 1024))
    await turn()
  }
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 1000; i++) {
    socket.send('a'.repeat(200))
    await turn()
  }
  const grown = process.memoryUsage().arrayBuffers - before
  expect(grown / 1024 / 1024, 'MiB for 1000 messages of 200 bytes').toBeLessThan(8)
})
