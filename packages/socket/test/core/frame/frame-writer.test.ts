import {
  FrameArena,
  type FrameOutput,
  FrameWriter,
  Opcode,
  PreparedMessage,
  portableBytes,
  type Role,
} from '@wigwag/socket/core'
import { concatBytes, frameBytes, type ReadFrame, readFrames, textBytes } from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'

/** A writer with everything it wrote. */
class Bench implements FrameOutput {
  readonly arena: FrameArena
  readonly writer: FrameWriter
  readonly ranges: { readonly buffer: Uint8Array; readonly start: number; readonly end: number }[] = []
  keys = 0

  constructor(role: Role, arenaBytes = 256 * 1024) {
    this.arena = new FrameArena(portableBytes, arenaBytes)
    this.writer = new FrameWriter(role, portableBytes, this.arena, () => 0x0403_0201 + this.keys++)
  }
  write(buffer: Uint8Array, start: number, end: number): void {
    this.ranges.push({ buffer, start, end })
  }
  get bytes(): Uint8Array {
    return concatBytes(...this.ranges.map(({ buffer, start, end }) => buffer.subarray(start, end)))
  }
  get frames(): ReadFrame[] {
    return readFrames(this.bytes)
  }
}

const roles: readonly Role[] = ['client', 'server']

describe.each(roles)('§5.2 a %s writes text as one frame', (role) => {
  // The header is sized for ASCII first: texts whose UTF-8 needs a longer header than their length suggests.
  test.each([
    ['nothing', ''],
    ['125 bytes of ASCII', 'a'.repeat(125)],
    ['126 bytes of ASCII', 'a'.repeat(126)],
    ['125 characters, 126 bytes', `${'a'.repeat(124)}é`],
    ['63 characters, 126 bytes', 'é'.repeat(63)],
    ['42 characters, 126 bytes', '€'.repeat(42)],
    ['125 code units of four-byte characters', `${'😀'.repeat(62)}a`],
    ['65535 bytes of ASCII', 'a'.repeat(65_535)],
    ['65536 bytes of ASCII', 'a'.repeat(65_536)],
    ['65535 characters, 65536 bytes', `${'a'.repeat(65_534)}é`],
    ['21845 characters, 65535 bytes', '€'.repeat(21_845)],
    ['21846 characters, 65538 bytes', '€'.repeat(21_846)],
    ['more than an arena takes', 'é€😀'.repeat(100_000)],
    ['an unpaired surrogate, as U+FFFD', 'a\ud800b'],
  ])('%s', (_name, text) => {
    const bench = new Bench(role)
    bench.writer.text(text, bench)
    const [frame] = bench.frames
    expect(bench.frames).toHaveLength(1)
    expect(frame).toMatchObject({ opcode: Opcode.text, fin: true, rsv: 0, masked: role === 'client' })
    const expected = textBytes(text)
    expect(Buffer.compare(frame?.payload as Uint8Array, expected)).toBe(0)
    const headerBytes = (expected.length <= 125 ? 2 : expected.length <= 65_535 ? 4 : 10) + (role === 'client' ? 4 : 0)
    expect(bench.bytes, 'the shortest form of the length').toHaveLength(headerBytes + expected.length)
  })

  test('frames written one behind the other are one range of the arena', () => {
    const bench = new Bench(role)
    for (const text of ['one', 'é'.repeat(100), 'three']) bench.writer.text(text, bench)
    bench.writer.frame(Opcode.ping, textBytes('p'), 0, bench)
    expect(bench.frames.map(({ payload }) => payload)).toEqual(
      ['one', 'é'.repeat(100), 'three', 'p'].map((text) => textBytes(text)),
    )
    for (const [i, range] of bench.ranges.entries()) {
      expect(range.buffer).toBe(bench.arena.buffer)
      expect(range.start).toBe(bench.ranges[i - 1]?.end ?? 0)
    }
  })

  test('when the arena is full, what was written before stays as it is', () => {
    const bench = new Bench(role, 256)
    const texts = Array.from({ length: 50 }, (_, i) => `message ${i} ${'é'.repeat(i)}`)
    for (const text of texts) bench.writer.text(text, bench)
    expect(bench.frames.map(({ payload }) => payload)).toEqual(texts.map((text) => textBytes(text)))
  })

  test.each([0, 125, 126, 16_384, 16_385, 65_535, 65_536, 300_000])('%i bytes of binary', (size) => {
    const payload = Uint8Array.from({ length: size }, (_, i) => (i * 7) & 0xff)
    const before = payload.slice()
    const bench = new Bench(role)
    bench.writer.frame(Opcode.binary, payload, 0, bench)
    expect(bench.frames).toMatchObject([{ opcode: Opcode.binary, fin: true, rsv: 0, masked: role === 'client' }])
    expect(Buffer.compare(bench.frames[0]?.payload as Uint8Array, before)).toBe(0)
    expect(Buffer.compare(payload, before), "the caller's bytes are never masked in place").toBe(0)
  })

  test('RSV1 marks a compressed message (RFC 7692 §6)', () => {
    const bench = new Bench(role)
    bench.writer.frame(Opcode.text, textBytes('x'), 4, bench)
    expect(bench.frames).toMatchObject([{ opcode: Opcode.text, rsv: 4 }])
  })
})

describe('§5.3 masking', () => {
  test('a client takes a new key for every frame, and a server none', () => {
    const client = new Bench('client')
    const server = new Bench('server')
    for (const bench of [client, server]) {
      bench.writer.text('a', bench)
      bench.writer.frame(Opcode.binary, textBytes('b'), 0, bench)
      bench.writer.prepared(new PreparedMessage('c'), bench)
    }
    expect(client.keys).toBe(3)
    expect(server.keys).toBe(0)
    const first = frameBytes({ opcode: Opcode.text, payload: 'a', mask: [1, 2, 3, 4] })
    expect(client.bytes.slice(0, first.length)).toEqual(first)
  })

  test("§5.1 a server's large payload is not copied; a client's always is, because it is masked", () => {
    const payload = new Uint8Array(20_000)
    const server = new Bench('server')
    server.writer.frame(Opcode.binary, payload, 0, server)
    expect(server.ranges.map(({ buffer }) => buffer === payload)).toEqual([false, true])
    const client = new Bench('client')
    client.writer.frame(Opcode.binary, payload, 0, client)
    expect(client.ranges.map(({ buffer }) => buffer === payload)).toEqual([false])
  })
})

describe('prepared messages', () => {
  test.each([
    ['text', 'to all of you é'],
    ['binary', Uint8Array.of(1, 2, 3)],
    ['large text', '€'.repeat(30_000)],
    ['large binary', new Uint8Array(60_000).fill(5)],
  ])('a server encodes %s once and writes the same range to everyone', (_name, data) => {
    const bench = new Bench('server')
    const message = new PreparedMessage(data)
    for (let i = 0; i < 3; i++) bench.writer.prepared(message, bench)
    expect(new Set(bench.ranges.map(({ buffer }) => buffer)).size).toBe(1)
    expect(new Set(bench.ranges.map(({ start }) => start)).size).toBe(1)
    const payload = typeof data === 'string' ? textBytes(data) : data
    for (const frame of bench.frames) expect(Buffer.compare(frame.payload, payload)).toBe(0)
    expect(bench.frames[0]).toMatchObject({ opcode: typeof data === 'string' ? Opcode.text : Opcode.binary })
  })

  test('is encoded anew when the arena was recycled', () => {
    const bench = new Bench('server')
    const message = new PreparedMessage('kept')
    bench.writer.prepared(message, bench)
    bench.arena.recycle()
    bench.ranges.length = 0
    bench.writer.text('another', bench)
    bench.writer.prepared(message, bench)
    expect(bench.frames.map(({ payload }) => payload)).toEqual([textBytes('another'), textBytes('kept')])
  })

  test('stays valid within a generation when the arena has moved on to a new buffer', () => {
    const bench = new Bench('server', 64)
    const message = new PreparedMessage('kept')
    bench.writer.prepared(message, bench)
    bench.writer.text('x'.repeat(60), bench)
    bench.writer.prepared(message, bench)
    expect(bench.frames.map(({ payload }) => payload.length)).toEqual([4, 60, 4])
  })

  test('one arena does not take the range of another', () => {
    const [one, other] = [new Bench('server'), new Bench('server')]
    const message = new PreparedMessage('kept')
    one.writer.prepared(message, one)
    other.writer.prepared(message, other)
    expect(other.ranges[0]?.buffer).toBe(other.arena.buffer)
    expect(other.frames).toMatchObject([{ payload: textBytes('kept') }])
  })

  test('§5.3 a client masks each sending with a key of its own', () => {
    const bench = new Bench('client')
    const message = new PreparedMessage('secret')
    bench.writer.prepared(message, bench)
    bench.writer.prepared(message, bench)
    const [first, second] = [bench.bytes.slice(0, 12), bench.bytes.slice(12)]
    expect(first).not.toEqual(second)
    expect(bench.frames.map(({ payload }) => payload)).toEqual([textBytes('secret'), textBytes('secret')])
  })

  test('knows its type and roughly its size', () => {
    expect(new PreparedMessage('four')).toMatchObject({ type: 'text', size: 4 })
    expect(new PreparedMessage(new Uint8Array(9))).toMatchObject({ type: 'binary', size: 9 })
  })
})

describe.each(roles)('a %s writes a prepared message as what it was prepared as', (role) => {
  test.each([
    ['a string', new PreparedMessage('€'), Opcode.text],
    ['bytes', new PreparedMessage(textBytes('€')), Opcode.binary],
    ['bytes as text', new PreparedMessage(textBytes('€'), { type: 'text' }), Opcode.text],
    ['a string as bytes', new PreparedMessage('€', { type: 'binary' }), Opcode.binary],
  ])('%s', (_name, message, opcode) => {
    const bench = new Bench(role)
    bench.writer.prepared(message, bench)
    expect(bench.frames).toMatchObject([{ opcode, fin: true, payload: textBytes('€') }])
  })
})
