import type { Socket } from 'node:net'
import { FrameWriter, firstByte, Opcode } from '@wigwag/socket/core'
import { readFrames } from '@wigwag/socket/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FlushQueue } from '../../src/node/flush-queue.ts'
import { nodeBytes } from '../../src/node/node-bytes.ts'
import { Outbox } from '../../src/node/outbox.ts'

/** The outbox of a socket, the far end of which takes everything, or later. */
class Reader {
  readonly outbox: Outbox
  readonly expected: string[] = []
  readonly writes: Uint8Array[] = []
  writableLength = 0
  readonly writable = true
  stuck = false
  #untaken: Uint8Array[] = []
  #taken: Buffer = Buffer.alloc(0)

  constructor(queue: FlushQueue) {
    this.outbox = new Outbox(this as unknown as Socket, undefined, queue, 64 * 1024)
  }
  write(bytes: Uint8Array): void {
    this.writes.push(bytes)
    this.#untaken.push(bytes)
    this.writableLength += bytes.length
    if (!this.stuck) this.take()
  }
  cork(): void {}
  uncork(): void {}
  /** The memory is read now, not when it was written. */
  take(): void {
    this.#taken = Buffer.concat([this.#taken, ...this.#untaken])
    this.#untaken = []
    this.writableLength = 0
  }
  get received(): string[] {
    return readFrames(this.#taken).map(({ opcode, payload }) => `${opcode} ${Buffer.from(payload).toString('latin1')}`)
  }
}

function open(readers: number) {
  const queue = new FlushQueue()
  const writer = new FrameWriter('server', nodeBytes, queue.arena, () => 0)
  const all = Array.from({ length: readers }, () => new Reader(queue))
  /** As a pump sends. Returns whether nothing had to be encoded. */
  const send = (to: number, data: string | Uint8Array, opcode: number): boolean => {
    const { outbox, expected } = all[to % readers] as Reader
    expected.push(`${opcode} ${Buffer.from(data).toString('latin1')}`)
    if (outbox.takeLatest(data, firstByte(opcode, true, 0))) return true
    if (typeof data === 'string') writer.text(data, outbox)
    else writer.frame(opcode, data, 0, outbox)
    return false
  }
  return { queue, all, send }
}

test.each([
  ['text', 'the same for everybody'],
  ['bytes', Buffer.from('the same for everybody')],
])('%s for many is encoded once a turn, and leaves in one write without a copy', (_what, data) => {
  const { queue, all, send } = open(50)
  const opcode = typeof data === 'string' ? Opcode.text : Opcode.binary
  for (let broadcast = 0; broadcast < 16; broadcast++) {
    expect(all.map((_reader, i) => send(i, data, opcode))).toEqual(all.map((_reader, i) => i > 0))
  }
  expect(queue.arena.used).toBe(16 * 24)
  queue.flushAll()
  for (const { writes, received, expected } of all) {
    expect(writes).toHaveLength(1)
    expect(writes[0]?.buffer).toBe(queue.arena.buffer.buffer)
    expect(received).toEqual(expected)
  }
  expect(send(0, data, opcode), 'the turn is over').toBe(false)
})

test('what is remembered is let go of at the end of the turn, also when the kernel holds the arena back', () => {
  const { queue, all, send } = open(1)
  const [reader] = all as [Reader]
  reader.stuck = true
  const data = Buffer.from('mine')
  send(0, data, Opcode.binary)
  queue.flushAll()
  expect(queue.arena.used).toBeGreaterThan(0)
  expect(queue.arena.endsWith(data, firstByte(Opcode.binary, true, 0))).toBe(false)
})

test('whatever is sent to whom, changed in between or held up, everybody receives what it was sent when it was', () => {
  const texts = ['', 'a', 'b', 'é'.repeat(70), 'long '.repeat(3000)] // what is larger is not copied
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ act: fc.constant('send'), to: fc.nat(3), what: fc.nat(9), text: fc.boolean() }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ act: fc.constant('broadcast'), to: fc.nat(3), what: fc.nat(9), text: fc.boolean() }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ act: fc.constant('change'), to: fc.nat(40), what: fc.nat(9), text: fc.boolean() }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ act: fc.constant('turn'), to: fc.nat(3), what: fc.nat(9), text: fc.boolean() }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ act: fc.constant('stick'), to: fc.nat(3), what: fc.nat(9), text: fc.boolean() }),
    },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { queue, all, send } = open(4)
      const messages = [...texts, ...texts.map((text) => Buffer.from(text))]
      for (const { act, to, what, text } of steps) {
        const data = messages[what] as string | Buffer
        const opcode = typeof data === 'string' || text ? Opcode.text : Opcode.binary
        if (act === 'send') send(to, data, opcode)
        else if (act === 'broadcast') for (let i = 0; i < 4; i++) send(to + i, data, opcode)
        else if (act === 'change' && typeof data !== 'string' && data.length > 0) data[to % data.length] = to
        else if (act === 'turn') queue.flushAll()
        else if (act === 'stick') {
          const reader = all[to] as Reader
          reader.stuck = !reader.stuck
          if (!reader.stuck) reader.take()
        }
      }
      queue.flushAll()
      for (const reader of all) {
        reader.take()
        expect(reader.received).toEqual(reader.expected)
      }
    }),
  )
})
