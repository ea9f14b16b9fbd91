import { Opcode, ProtocolError } from '@wigwag/socket/core'
import { concatBytes, frameBytes, TEST_MASK, textBytes } from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'
import '../support/byte-equality.ts'
import { openParser } from '../support/frame-collector.ts'

const { continuation, text, binary, close, ping, pong } = Opcode

describe('§5.2 a frame is read whole, whatever its length takes', () => {
  test.each([0, 1, 125, 126, 127, 255, 256, 65_535, 65_536, 70_000])('%i bytes of payload', (size) => {
    const payload = Uint8Array.from({ length: size }, (_, i) => i & 0xff)
    for (const mask of [undefined, TEST_MASK]) {
      const { parser, told } = openParser({ role: mask === undefined ? 'client' : 'server' })
      const bytes = frameBytes({ opcode: binary, payload, ...(mask && { mask }) })
      expect(parser.parse(bytes, 0, bytes.length)).toBe(bytes.length)
      expect(told.frames).toEqual([{ opcode: binary, fin: true, reservedBits: 0, payload }])
      expect(told.headers).toEqual([size])
      expect(parser.betweenFrames).toBe(true)
    }
  })

  test('§5.7 the examples of the RFC', () => {
    const server = openParser({ role: 'server' })
    const masked = Uint8Array.of(0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58)
    server.parser.parse(masked, 0, masked.length)
    expect(server.told.frames).toEqual([{ opcode: text, fin: true, reservedBits: 0, payload: textBytes('Hello') }])
    const client = openParser()
    const fragments = Uint8Array.of(0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f)
    client.parser.parse(fragments, 0, fragments.length)
    expect(client.told.frames).toEqual([
      { opcode: text, fin: false, reservedBits: 0, payload: textBytes('Hel') },
      { opcode: continuation, fin: true, reservedBits: 0, payload: textBytes('lo') },
    ])
  })

  test.each([
    ['text', text, true],
    ['binary', binary, true],
    ['continuation', continuation, true],
    ['the start of a fragmented message', text, false],
    ['close', close, true],
    ['ping', ping, true],
    ['pong', pong, true],
  ])('every kind of frame: %s', (_name, opcode, fin) => {
    const { parser, told } = openParser()
    const bytes = frameBytes({ opcode, fin, payload: 'ab' })
    parser.parse(bytes, 0, bytes.length)
    expect(told.frames).toEqual([{ opcode, fin, reservedBits: 0, payload: textBytes('ab') }])
  })

  test('RSV1 is told when an extension has given it a meaning', () => {
    const { parser, told } = openParser({ reservedBits: 4 })
    const bytes = frameBytes({ opcode: text, rsv: 4, payload: 'x' })
    parser.parse(bytes, 0, bytes.length)
    expect(told.frames).toMatchObject([{ opcode: text, reservedBits: 4 }])
  })
})

describe('§5.2 chunk boundaries mean nothing', () => {
  const frames = [
    frameBytes({ opcode: text, payload: 'Hello', mask: TEST_MASK }),
    frameBytes({ opcode: ping, mask: TEST_MASK }),
    frameBytes({ opcode: binary, payload: new Uint8Array(126).fill(7), mask: TEST_MASK }),
    frameBytes({ opcode: binary, payload: new Uint8Array(65_536).fill(8), mask: TEST_MASK }),
    frameBytes({ opcode: close, mask: TEST_MASK }),
  ]
  const stream = concatBytes(...frames)
  const expected = [
    { opcode: text, fin: true, reservedBits: 0, payload: textBytes('Hello') },
    { opcode: ping, fin: true, reservedBits: 0, payload: new Uint8Array(0) },
    { opcode: binary, fin: true, reservedBits: 0, payload: new Uint8Array(126).fill(7) },
    { opcode: binary, fin: true, reservedBits: 0, payload: new Uint8Array(65_536).fill(8) },
    { opcode: close, fin: true, reservedBits: 0, payload: new Uint8Array(0) },
  ]

  test.each([1, 2, 3, 5, 7, 13, 14, 100, 4096])('frames in chunks of %i bytes', (size) => {
    const { parser, told } = openParser({ role: 'server' })
    for (let at = 0; at < stream.length; at += size) {
      const chunk = stream.slice(at, at + size)
      expect(parser.parse(chunk, 0, chunk.length)).toBe(chunk.length)
    }
    expect(told.frames).toEqual(expected)
    expect(parser.betweenFrames).toBe(true)
  })

  test('a header cut at each of its bytes, with the next frame right behind it', () => {
    for (const frame of frames) {
      for (let cut = 1; cut <= Math.min(frame.length, 15); cut++) {
        const { parser, told } = openParser({ role: 'server' })
        const first = frame.slice(0, cut)
        expect(parser.parse(first, 0, first.length)).toBe(cut)
        expect(parser.betweenFrames).toBe(cut === frame.length)
        const second = concatBytes(frame.slice(cut), frames[0] as Uint8Array)
        expect(parser.parse(second, 0, second.length)).toBe(second.length)
        expect(told.frames).toEqual([expected[frames.indexOf(frame)], expected[0]])
      }
    }
  })

  test('only the given range of a chunk is read', () => {
    const { parser, told } = openParser({ role: 'server' })
    const chunk = concatBytes(Uint8Array.of(0xff, 0xff), frames[0] as Uint8Array, Uint8Array.of(0xff, 0xff))
    expect(parser.parse(chunk, 2, chunk.length - 2)).toBe(chunk.length - 2)
    expect(told.frames).toEqual([expected[0]])
    expect([...chunk.slice(0, 2), ...chunk.slice(-2)]).toEqual([0xff, 0xff, 0xff, 0xff])
  })

  test('an empty chunk changes nothing', () => {
    const { parser, told } = openParser()
    expect(parser.parse(new Uint8Array(0), 0, 0)).toBe(0)
    expect(told.frames).toEqual([])
  })
})

describe('the consumer decides how far the parser goes', () => {
  const two = concatBytes(frameBytes({ opcode: text, payload: 'one' }), frameBytes({ opcode: text, payload: 'two' }))

  test('stop: the parser stands behind the frame, and can go on from there', () => {
    const { parser, told } = openParser()
    told.goOn = false
    const consumed = parser.parse(two, 0, two.length)
    expect(consumed).toBe(5)
    expect(told.frames).toHaveLength(1)
    told.goOn = true
    expect(parser.parse(two, consumed, two.length)).toBe(two.length)
    expect(told.frames).toHaveLength(2)
  })

  test('a header that the consumer refuses is told back as the fault, before any payload', () => {
    const { parser, told } = openParser()
    told.refuseWith = new ProtocolError('ERR_MESSAGE_TOO_LARGE', 'No.', 1009)
    expect(parser.parse(two, 0, two.length)).toBe(0)
    expect(told.faults).toEqual([told.refuseWith])
    expect(told.ascii).toEqual([])
  })

  test('a fault in a header that a chunk boundary cut', () => {
    const { parser, told } = openParser()
    parser.parse(Uint8Array.of(0x83), 0, 1)
    const rest = Uint8Array.of(0x00, 0x81, 0x00)
    expect(parser.parse(rest, 0, rest.length)).toBe(0)
    expect(told.faults).toMatchObject([{ code: 'ERR_FRAME_RESERVED_OPCODE', closeCode: 1002 }])
  })

  test('masked ASCII is told as such, piece by piece; unmasked payloads are not looked at', () => {
    const server = openParser({ role: 'server' })
    const frame = frameBytes({ opcode: text, payload: `${'a'.repeat(40)}é`, mask: TEST_MASK })
    server.parser.parse(frame.slice(0, 30), 0, 30)
    server.parser.parse(frame.slice(30), 0, frame.length - 30)
    expect(server.told.ascii).toEqual([true, false])
    const client = openParser()
    client.parser.parse(two.slice(), 0, two.length)
    expect(client.told.ascii).toEqual([false, false])
  })
})

describe('§5.2 lengths are judged on the header alone', () => {
  const claim = (claimedLength: bigint, lengthForm: 16 | 64): Uint8Array =>
    frameBytes({ opcode: binary, claimedLength, lengthForm })

  test.each([
    ['the top bit of a 64-bit length is set', claim(2n ** 63n, 64), 'ERR_FRAME_LENGTH', 1002],
    ['all bits of a 64-bit length are set', claim(2n ** 64n - 1n, 64), 'ERR_FRAME_LENGTH', 1002],
    ['the largest length there is', claim(2n ** 63n - 1n, 64), 'ERR_FRAME_TOO_LARGE', 1009],
    ['a length above what a number holds exactly', claim(2n ** 53n + 1n, 64), 'ERR_FRAME_TOO_LARGE', 1009],
    ['a length whose low half looks small', claim(2n ** 32n + 5n, 64), 'ERR_FRAME_TOO_LARGE', 1009],
    ['a length whose low half has its top bit set', claim(2n ** 31n, 64), 'ERR_FRAME_TOO_LARGE', 1009],
    ['125 in the 16-bit form', claim(125n, 16), 'ERR_FRAME_LENGTH', 1002],
    ['0 in the 64-bit form', claim(0n, 64), 'ERR_FRAME_LENGTH', 1002],
    ['65535 in the 64-bit form', claim(65_535n, 64), 'ERR_FRAME_LENGTH', 1002],
    ['one byte more than maxFrameBytes', claim(100_001n, 64), 'ERR_FRAME_TOO_LARGE', 1009],
  ])('%s', (_name, header, code, closeCode) => {
    const { parser, told } = openParser({ maxFrameBytes: 100_000 })
    expect(parser.parse(header, 0, header.length)).toBe(0)
    expect(told.faults).toMatchObject([{ code, closeCode }])
    expect(told.headers, 'nobody heard of the frame').toEqual([])
  })

  test('a frame above the limit fails before its masking-key came', () => {
    const { parser, told } = openParser({ role: 'server', maxFrameBytes: 10 })
    parser.parse(Uint8Array.of(0x82, 0x8b), 0, 2)
    expect(told.faults).toMatchObject([{ code: 'ERR_FRAME_TOO_LARGE' }])
  })

  test('a frame of exactly maxFrameBytes passes', () => {
    const { parser, told } = openParser({ maxFrameBytes: 300 })
    const bytes = frameBytes({ opcode: binary, payload: new Uint8Array(300) })
    parser.parse(bytes, 0, bytes.length)
    expect(told.faults).toEqual([])
    expect(told.frames).toHaveLength(1)
  })
})
