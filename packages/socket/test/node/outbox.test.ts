import type { Socket } from 'node:net'
import { type FrameOutput, FrameWriter } from '@wigwag/socket/core'
import { describe, expect, test } from 'vitest'
import { FlushQueue } from '../../src/node/flush-queue.ts'
import { nodeBytes } from '../../src/node/node-bytes.ts'
import { Outbox } from '../../src/node/outbox.ts'
import { patternBytes } from './support/digest.ts'

const turn = (): Promise<void> => new Promise(setImmediate)

/** A socket that keeps the arrays it is given to write, and takes them when the test says so. */
class FakeSocket {
  readonly written: Uint8Array[] = []
  writable = true
  /** Whether the kernel takes everything at once. */
  takes = true
  #heldBytes = 0
  #held: Uint8Array[] = []
  taken: Buffer = Buffer.alloc(0)
  corks = 0

  get writableLength(): number {
    return this.#heldBytes
  }
  write(bytes: Uint8Array): boolean {
    this.written.push(bytes)
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.takes) this.take()
    return true
  }
  /** The kernel reads the memory now, not when it was written. */
  take(): void {
    this.taken = Buffer.concat([this.taken, ...this.#held])
    this.#held = []
    this.#heldBytes = 0
  }
  cork(): void {
    this.corks++
  }
  uncork(): void {
    this.corks--
  }
}

function open(queue = new FlushQueue()) {
  const socket = new FakeSocket()
  return { socket, queue, outbox: new Outbox(socket as unknown as Socket, undefined, queue, 64 * 1024) }
}

/** Writes bytes into the arena as the frame writer does, and gives them to the outbox. */
function encode({ queue, outbox }: { queue: FlushQueue; outbox: Outbox }, bytes: Uint8Array): void {
  queue.arena.reserve(bytes.length)
  const { buffer, used } = queue.arena
  buffer.set(bytes, used)
  queue.arena.used = used + bytes.length
  outbox.write(buffer, used, used + bytes.length)
}

describe('an outbox', () => {
  test('writes ranges that follow each other as one, without a copy, at the end of the turn', async () => {
    const one = open()
    for (let i = 0; i < 100; i++) encode(one, patternBytes(50, i))
    expect(one.outbox.bufferedAmount).toBe(5000)
    expect(one.socket.written).toEqual([])
    await turn()
    expect(one.socket.written).toHaveLength(1)
    expect(one.socket.written[0]?.buffer).toBe(one.queue.arena.buffer.buffer)
    expect(one.outbox.bufferedAmount).toBe(0)
  })

  test('when the arena is full in the middle of a turn, all is written at once, and the arena starts over', async () => {
    const queue = new FlushQueue()
    const { buffer } = queue.arena
    const outboxes = Array.from({ length: 40 }, () => open(queue))
    const sent = outboxes.map((one, i) => {
      const bytes = patternBytes(20_000, i)
      encode(one, bytes)
      return bytes
    })
    expect(outboxes.filter(({ socket }) => socket.written.length > 0)).toHaveLength(39)
    await turn()
    expect(queue.arena.buffer).toBe(buffer)
    for (const [i, { socket }] of outboxes.entries()) expect(socket.taken.equals(sent[i] as Uint8Array)).toBe(true)
  })

  test('what the kernel has not taken of a full arena stays as it is', async () => {
    const queue = new FlushQueue()
    const { buffer } = queue.arena
    const stuck = open(queue)
    stuck.socket.takes = false
    const first = patternBytes(20_000, 7)
    encode(stuck, first)
    for (let i = 0; i < 40; i++) encode(open(queue), patternBytes(20_000, i))
    await turn()
    expect(queue.arena.buffer).not.toBe(buffer)
    stuck.socket.take()
    expect(stuck.socket.taken).toEqual(Buffer.from(first))
  })

  test('joins small ranges that lie apart into one write, in order', async () => {
    const queue = new FlushQueue()
    const [one, other] = [open(queue), open(queue)]
    for (let i = 0; i < 10; i++) {
      encode(one, Uint8Array.of(i))
      encode(other, Uint8Array.of(100 + i))
    }
    await turn()
    expect(one.socket.written).toHaveLength(1)
    expect([...one.socket.taken]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect([...other.socket.taken]).toEqual([100, 101, 102, 103, 104, 105, 106, 107, 108, 109])
  })

  test('hands large ranges over as they lie, corked into one writev', async () => {
    const one = open()
    const payload = patternBytes(30_000, 1)
    encode(one, Uint8Array.of(1, 2))
    one.outbox.write(payload, 0, payload.length)
    encode(one, Uint8Array.of(3))
    await turn()
    expect(one.socket.written).toHaveLength(3)
    expect(one.socket.written[1]?.buffer).toBe(payload.buffer)
    expect(one.socket.corks).toBe(0)
    expect(one.socket.taken.equals(Buffer.from([1, 2, ...payload, 3]))).toBe(true)
  })

  test('flushes early above 64 KiB, and what comes behind at the end of the turn', async () => {
    const one = open()
    for (let i = 0; i < 3; i++) encode(one, patternBytes(30_000, i))
    expect(one.socket.written).toHaveLength(1)
    expect(one.outbox.bufferedAmount).toBe(0)
    encode(one, patternBytes(10, 3))
    await turn()
    const expected = [0, 1, 2].map((i) => patternBytes(30_000, i))
    expect(one.socket.taken.equals(Buffer.concat([...expected, patternBytes(10, 3)]))).toBe(true)
  })

  test('throws away what a socket that is no longer writable was given', async () => {
    const one = open()
    encode(one, Uint8Array.of(1))
    one.socket.writable = false
    await turn()
    expect(one.socket.written).toEqual([])
    expect(one.outbox.bufferedAmount).toBe(0)
  })
})

describe('the arena', () => {
  test('is started again when every socket took everything', async () => {
    const one = open()
    encode(one, patternBytes(100, 1))
    const { buffer, generation } = one.queue.arena
    await turn()
    expect(one.queue.arena).toMatchObject({ used: 0, generation: generation + 1 })
    expect(one.queue.arena.buffer).toBe(buffer)
  })

  test.each([
    ['at the end of the turn', 100],
    ['by an early flush', 70_000],
  ])('is not overwritten while the kernel still reads a range flushed %s', async (_when, bytes) => {
    const queue = new FlushQueue()
    const [stuck, lively] = [open(queue), open(queue)]
    stuck.socket.takes = false
    encode(stuck, patternBytes(20, 1))
    encode(stuck, patternBytes(bytes, 2))
    for (let i = 0; i < 50; i++) {
      await turn()
      encode(lively, patternBytes(30_000, i))
    }
    await turn()
    stuck.socket.take()
    const expected = Buffer.concat([patternBytes(20, 1), patternBytes(bytes, 2)])
    expect(stuck.socket.taken.equals(expected)).toBe(true)
  })

  test('goes on behind such a range, with one buffer for many turns, and is started again with the next buffer', async () => {
    const queue = new FlushQueue()
    const [stuck, lively] = [open(queue), open(queue)]
    stuck.socket.takes = false
    encode(stuck, patternBytes(100, 1))
    const held = queue.arena.buffer
    for (let i = 0; i < 8; i++) {
      await turn()
      expect(queue.arena.buffer).toBe(held)
      encode(lively, patternBytes(30_000, i))
    }
    encode(lively, patternBytes(30_000, 8))
    expect(queue.arena.buffer).not.toBe(held)
    await turn()
    expect(queue.arena.used).toBe(0)
  })

  test('is not held by what queues up behind a full kernel: that is copied', async () => {
    const one = open()
    one.socket.takes = false
    encode(one, patternBytes(100, 0))
    await turn()
    encode(one, patternBytes(200_000, 1)) // the rest of the first arena
    one.socket.take()
    await turn()
    const second = one.queue.arena
    for (let i = 0; i < 20; i++) {
      for (const size of [10, 20_000, 3]) encode(one, patternBytes(size, i))
      await turn()
    }
    const arenas = new Set(one.socket.written.slice(2).map((bytes) => bytes.buffer))
    expect(arenas.has(second.buffer.buffer)).toBe(false)
    one.socket.take()
    const expected = [patternBytes(100, 0), patternBytes(200_000, 1)]
    for (let i = 0; i < 20; i++) expected.push(...[10, 20_000, 3].map((size) => patternBytes(size, i)))
    expect(one.socket.taken.equals(Buffer.concat(expected))).toBe(true)
  })

  test('is not started again under somebody who sent while others were flushed', async () => {
    const queue = new FlushQueue()
    const [first, second] = [open(queue), open(queue)]
    encode(first, patternBytes(10, 1))
    const write = first.socket.write.bind(first.socket)
    first.socket.write = (bytes) => {
      encode(second, patternBytes(10, 2))
      return write(bytes)
    }
    await turn()
    expect(queue.arena.used).toBe(20)
    await turn()
    expect(second.socket.taken.equals(patternBytes(10, 2))).toBe(true)
    expect(queue.arena.used).toBe(0)
  })

  test('is not started again under those still to be flushed, however much is sent within a write', async () => {
    const queue = new FlushQueue()
    const [first, second, third] = [open(queue), open(queue), open(queue)]
    encode(first, patternBytes(10, 1))
    encode(second, patternBytes(1000, 2))
    const write = first.socket.write.bind(first.socket)
    const sent: Uint8Array[] = []
    first.socket.write = (bytes) => {
      for (let i = 0; i < 30; i++) {
        sent.push(patternBytes(20_000, 3 + i))
        encode(third, sent.at(-1) as Uint8Array)
      }
      return write(bytes)
    }
    await turn()
    await turn()
    expect(second.socket.taken.equals(patternBytes(1000, 2))).toBe(true)
    expect(third.socket.taken.equals(Buffer.concat(sent))).toBe(true)
    expect(queue.arena.used).toBe(0)
  })

  test('a socket whose write throws costs no other one what it was sent', () => {
    const queue = new FlushQueue()
    const [first, second] = [open(queue), open(queue)]
    encode(first, patternBytes(10, 1))
    encode(second, patternBytes(1000, 2))
    first.socket.write = () => {
      throw new Error('not a good stream')
    }
    expect(() => queue.flushAll()).toThrow('not a good stream')
    encode(open(queue), patternBytes(2000, 3))
    queue.flushAll()
    expect(second.socket.taken.equals(patternBytes(1000, 2))).toBe(true)
  })
})

test('whoever is told of a write sends behind a large message, and not between its header and its payload', () => {
  const one = open()
  const { arena } = one.queue
  const writer = new FrameWriter('server', nodeBytes, arena, () => 0)
  const output: FrameOutput = one.outbox
  // The header of the large one is what there is too much with.
  encode(one, patternBytes(64 * 1024 - 2, 1))
  const { write } = one.socket
  one.socket.write = function answering(bytes) {
    const taken = write.call(this, bytes)
    one.socket.write = write
    writer.text('answer', output)
    return taken
  }
  const large = patternBytes(20_000, 2)
  writer.frame(2, large, 0, output)
  one.queue.flushAll()
  const sent = one.socket.taken.subarray(64 * 1024 - 2)
  expect(sent.subarray(4, 4 + large.length).equals(large)).toBe(true)
})
