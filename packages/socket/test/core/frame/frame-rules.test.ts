import type { Role } from '@wigwag/socket/core'
import { describe, expect, test } from 'vitest'
import {
  checkExtendedLength,
  checkFirstBytes,
  checkFrameBytes,
  type FrameRules,
} from '../../../src/core/frame/frame-rules.ts'

const plain = (role: Role): FrameRules => ({ role, maxFrameBytes: 1000, reservedBits: 0 })
const deflating = (role: Role): FrameRules => ({ role, maxFrameBytes: 1000, reservedBits: 4 })

/** Judges the first two bytes as a client hears them, unless `rules` say otherwise. */
const judge = (first: number, second = 0, rules = plain('client')): string | undefined => {
  const fault = checkFirstBytes(first, second, rules)
  if (fault !== undefined) expect(fault.closeCode).toBe(1002)
  return fault?.code
}

describe('§5.2 reserved bits', () => {
  test.each([
    ['RSV1', 0xc1],
    ['RSV2', 0xa1],
    ['RSV3', 0x91],
    ['RSV1 and RSV2', 0xe1],
    ['RSV1 and RSV2 and RSV3', 0xf1],
  ])('%s without an extension fails, and the message names it', (bits, first) => {
    expect(judge(first)).toBe('ERR_FRAME_RESERVED_BITS')
    const fault = checkFirstBytes(first, 0, plain('client'))
    expect(fault?.message).toContain(`with ${bits} set`)
    expect(fault?.received, 'as in the header: RSV1 is 4').toBe((first & 0x70) >> 4)
  })

  test.each([
    ['text', 0xc1, undefined],
    ['binary', 0xc2, undefined],
    ['the first fragment of a message', 0x41, undefined],
    ['a continuation', 0xc0, 'ERR_FRAME_RESERVED_BITS'],
    ['close', 0xc8, 'ERR_FRAME_RESERVED_BITS'],
    ['ping', 0xc9, 'ERR_FRAME_RESERVED_BITS'],
    ['pong', 0xca, 'ERR_FRAME_RESERVED_BITS'],
    ['text, with RSV2 too', 0xe1, 'ERR_FRAME_RESERVED_BITS'],
  ])('RFC 7692 §6: with compression, RSV1 on %s', (_name, first, expected) => {
    expect(judge(first, 0, deflating('client'))).toBe(expected)
  })
})

describe('§5.2 opcodes', () => {
  test.each([0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf])('0x%x is reserved', (opcode) => {
    expect(judge(0x80 | opcode)).toBe('ERR_FRAME_RESERVED_OPCODE')
    const fault = checkFirstBytes(0x80 | opcode, 0, plain('client'))
    expect(fault?.message).toContain(`0x${opcode.toString(16)}`)
    expect(fault?.received).toBe(opcode)
  })

  test.each([0x0, 0x1, 0x2, 0x8, 0x9, 0xa])('0x%x is defined', (opcode) => {
    expect(judge(0x80 | opcode)).toBeUndefined()
  })
})

describe('§5.5 control frames', () => {
  test.each([0x8, 0x9, 0xa])('0x%x must not be fragmented', (opcode) => {
    expect(judge(opcode)).toBe('ERR_FRAME_CONTROL_FRAGMENTED')
  })

  test.each([0x8, 0x9, 0xa])('0x%x carries at most 125 bytes', (opcode) => {
    expect(judge(0x80 | opcode, 125)).toBeUndefined()
    expect(judge(0x80 | opcode, 126)).toBe('ERR_FRAME_CONTROL_TOO_LARGE')
    expect(judge(0x80 | opcode, 127)).toBe('ERR_FRAME_CONTROL_TOO_LARGE')
  })
})

describe('§5.1 masking', () => {
  test.each([
    ['a server refuses an unmasked frame', 'server', 0x05, 'ERR_FRAME_MASKING'],
    ['a server takes a masked frame', 'server', 0x85, undefined],
    ['a client refuses a masked frame', 'client', 0x85, 'ERR_FRAME_MASKING'],
    ['a client takes an unmasked frame', 'client', 0x05, undefined],
  ] as const)('%s', (_name, role, second, expected) => {
    expect(judge(0x81, second, plain(role))).toBe(expected)
  })
})

describe('§5.2 extended lengths', () => {
  test.each([
    [126, 0, 126, undefined],
    [126, 0, 125, 'ERR_FRAME_LENGTH'],
    [126, 0, 65_535, undefined],
    [127, 0, 65_535, 'ERR_FRAME_LENGTH'],
    [127, 0, 65_536, undefined],
    [127, 1, 0, undefined],
    [127, 0x7fff_ffff, 0xffff_ffff, undefined],
    [127, 0x8000_0000, 0, 'ERR_FRAME_LENGTH'],
  ] as const)('form %i, halves %i and %i', (form, high, low, expected) => {
    expect(checkExtendedLength(form, high, low)?.code).toBe(expected)
  })

  test('the two faults say what they are', () => {
    expect(checkExtendedLength(127, 0, 1)?.message).toContain('is not in its shortest form')
    expect(checkExtendedLength(127, 0x8000_0000, 0)?.message).toContain('has its most significant bit set')
  })
})

test('§7.4.1 a frame above maxFrameBytes fails with 1009 and names both numbers', () => {
  expect(checkFrameBytes(1000, plain('client'))).toBeUndefined()
  const fault = checkFrameBytes(1001, plain('client'))
  expect(fault).toMatchObject({ code: 'ERR_FRAME_TOO_LARGE', closeCode: 1009 })
  expect(fault?.message).toContain('1001 bytes; maxFrameBytes is 1000')
})
