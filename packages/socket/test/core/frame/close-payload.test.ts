import { encodeClosePayload, MAX_CLOSE_REASON_BYTES, parseClosePayload, portableBytes } from '@wigwag/socket/core'
import { closePayload, textBytes } from '@wigwag/socket/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fitCloseReason } from '../../../src/core/frame/close-payload.ts'
import { anyText } from '../support/text-arbitrary.ts'

const parse = (payload: Uint8Array): unknown => parseClosePayload(payload, portableBytes)
const encode = (code: number, reason: string): Uint8Array => encodeClosePayload({ code, reason }, portableBytes)

describe('§5.5.1 reading the payload of a Close frame', () => {
  test('none means 1005', () => expect(parse(new Uint8Array(0))).toEqual({ code: 1005, reason: '' }))

  test('a code with a reason', () =>
    expect(parse(closePayload(4321, 'Grüße'))).toEqual({ code: 4321, reason: 'Grüße' }))

  test('a code alone', () => expect(parse(closePayload(1000))).toEqual({ code: 1000, reason: '' }))

  test('one byte is not a code: 1002', () => {
    expect(parse(Uint8Array.of(3))).toMatchObject({ code: 'ERR_CLOSE_PAYLOAD', closeCode: 1002 })
  })

  test.each([0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535])('code %i must not be sent: 1002', (code) => {
    expect(parse(closePayload(code))).toMatchObject({ code: 'ERR_CLOSE_CODE', closeCode: 1002 })
  })

  test('a reason that is not UTF-8: 1007', () => {
    expect(parse(Uint8Array.of(0x03, 0xe8, 0x61, 0xff))).toMatchObject({ code: 'ERR_CLOSE_REASON', closeCode: 1007 })
    expect(parse(Uint8Array.of(0x03, 0xe8, 0xe2, 0x82)), 'a cut character').toMatchObject({ closeCode: 1007 })
  })
})

describe('§5.5.1 writing the payload of a Close frame', () => {
  test('1005 without a reason is no payload at all', () => expect(encode(1005, '')).toEqual(new Uint8Array(0)))

  test('the code goes first, high byte first', () => {
    expect(encode(1000, 'bye')).toEqual(Uint8Array.of(0x03, 0xe8, 0x62, 0x79, 0x65))
  })

  test.each([1004, 1006, 1015, 2999, 5000])('code %i cannot be sent', (code) => {
    expect(() => encode(code, '')).toThrow(expect.objectContaining({ code: 'ERR_CLOSE_CODE', name: 'UsageError' }))
  })

  test('a reason needs a code', () => {
    expect(() => encode(1005, 'why')).toThrow(expect.objectContaining({ code: 'ERR_CLOSE_CODE' }))
  })

  test('a reason takes at most 123 bytes of UTF-8, not characters', () => {
    expect(encode(1000, 'a'.repeat(123))).toHaveLength(125)
    expect(() => encode(1000, 'a'.repeat(124))).toThrow(expect.objectContaining({ code: 'ERR_CLOSE_REASON' }))
    expect(() => encode(1000, '€'.repeat(42))).toThrow('takes 126 bytes of UTF-8; at most 123 fit')
  })

  test('what is written is read back', () => {
    const code = fc.oneof(fc.integer({ min: 3000, max: 4999 }), fc.constantFrom(1000, 1001, 1003, 1007, 1011, 1014))
    fc.assert(
      fc.property(code, anyText(25), (code, reason) => {
        expect(parse(encode(code, reason))).toEqual({ code, reason })
      }),
    )
  })
})

describe('§5.5 a text of any length cut to a close reason', () => {
  test('a short one stays', () => expect(fitCloseReason('short', portableBytes)).toBe('short'))

  test.each(['a', 'é', '€', '😀'])('%s: as much as fits, on a character boundary', (character) => {
    const reason = fitCloseReason(character.repeat(1000), portableBytes)
    const bytes = textBytes(reason).length
    expect(reason).toBe(character.repeat([...reason].length))
    expect(bytes).toBeLessThanOrEqual(MAX_CLOSE_REASON_BYTES)
    expect(bytes).toBeGreaterThan(MAX_CLOSE_REASON_BYTES - textBytes(character).length)
  })
})
