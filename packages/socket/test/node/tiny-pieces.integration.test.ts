import { frameBytes, TEST_MASK } from '@wigwag/socket/testing'
import { retainedBytes } from '@wigwag/testkit'
import { expect, test } from 'vitest'
import { openServer } from './support/open-server.ts'
import { RawPeer } from './support/raw-peer.ts'

const PEERS = 20
const PIECES = 10_000
const MIB = 1024 * 1024

/** Opens many peers, has each send what begins a message and never ends it, and returns what that makes the server retain. */
async function retainedBy(send: (peer: RawPeer) => Promise<void>): Promise<number> {
  const { port, server } = await openServer({ pingIntervalMs: 0 })
  const peers: RawPeer[] = []
  for (let i = 0; i < PEERS; i++) peers.push(await RawPeer.upgrade(port))
  const before = retainedBytes()
  await Promise.all(peers.map(send))
  const retained = retainedBytes() - before
  expect(server.sockets.size).toBe(PEERS)
  return retained
}

/** Resolves when the peer has read everything sent so far: control frames are answered in the middle of a message. */
async function untilRead(peer: RawPeer): Promise<void> {
  const seen = peer.frames.length
  peer.frame(9)
  await peer.until(() => peer.frames.length > seen)
}

// As in CVE-2026-48779: what is kept for each piece, not the pieces, takes the memory.
test('a message in fragments of one byte retains about its size, not an object for each fragment', async () => {
  const first = frameBytes({ opcode: 2, fin: false, payload: 'x', mask: TEST_MASK })
  const next = frameBytes({ opcode: 0, fin: false, payload: 'x', mask: TEST_MASK })
  const flood = Buffer.concat([first, ...Array.from({ length: PIECES - 1 }, () => next)])
  const retained = await retainedBy(async (peer) => {
    peer.write(flood)
    await untilRead(peer)
  })
  expect(retained).toBeLessThan(3 * MIB) // 200,000 fragments: 16 bytes each
})

test('empty fragments retain nothing', async () => {
  const next = Buffer.from(frameBytes({ opcode: 0, fin: false, mask: TEST_MASK }))
  const flood = Buffer.concat(Array.from({ length: PIECES - 1 }, () => next))
  const retained = await retainedBy(async (peer) => {
    peer.frame(1, '', { fin: false })
    peer.write(flood)
    await untilRead(peer)
  })
  expect(retained).toBeLessThan(3 * MIB)
})

test('a frame in chunks of one byte retains about its size, not a chunk for each byte', async () => {
  const frame = frameBytes({ opcode: 2, fin: false, payload: new Uint8Array(3000), mask: TEST_MASK })
  const retained = await retainedBy(async (peer) => {
    // Each write is one segment, and what else goes on lets the server read between them.
    for (const byte of frame)
      await new Promise<void>((resolve) => peer.socket.write(Uint8Array.of(byte), () => setImmediate(resolve)))
    await untilRead(peer)
  })
  expect(retained).toBeLessThan(3 * MIB) // 60,000 chunks
})

test('an announced megabyte of which one byte came retains a small part of it', async () => {
  const announced = frameBytes({ opcode: 2, lengthForm: 64, claimedLength: 1_000_000n, payload: 'x', mask: TEST_MASK })
  const { port } = await openServer({ pingIntervalMs: 0 })
  const peers: RawPeer[] = []
  const [before, bystander] = [retainedBytes(), await RawPeer.upgrade(port)]
  for (let i = 0; i < PEERS; i++) {
    const peer = await RawPeer.upgrade(port)
    peer.write(announced)
    peers.push(peer)
  }
  await untilRead(bystander)
  expect(retainedBytes() - before).toBeLessThan(PEERS * 128 * 1024)
})
