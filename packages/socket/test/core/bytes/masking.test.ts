import { xorInPlace } from '@wigwag/socket/core'
import { TEST_MASK } from '@wigwag/socket/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readMaskingKey, rotateMaskingKey, writeMaskingKey } from '../../../src/core/bytes/masking.ts'

/** RFC 6455 §5.3 to the letter: j = i MOD 4. */
function maskByTheBook(payload: Uint8Array, key: Uint8Array): Uint8Array {
  return payload.map((octet, i) => octet ^ (key[i % 4] as number))
}

/** A payload at `alignment` within a larger buffer whose other bytes must not change. */
function placed(payload: Uint8Array, alignment: number): Uint8Array {
  const buffer = new Uint8Array(8 + alignment + payload.length + 8).fill(0xee)
  buffer.set(payload, 8 + alignment)
  return buffer
}

const KEY_BYTES = Uint8Array.from(TEST_MASK)
const KEY = readMaskingKey(KEY_BYTES, 0)

describe('§5.3 masking', () => {
  test('equals the octet-by-octet transformation at every alignment and every length around the lanes', () => {
    for (let alignment = 0; alignment < 8; alignment++) {
      for (let length = 0; length <= 72; length++) {
        const payload = Uint8Array.from({ length }, (_, i) => (i * 37 + 11) & 0xff)
        const buffer = placed(payload, alignment)
        const start = 8 + alignment
        xorInPlace(buffer, start, start + length, KEY)
        expect(buffer, `alignment ${alignment}, length ${length}`).toEqual(
          placed(maskByTheBook(payload, KEY_BYTES), alignment),
        )
      }
    }
  })

  test('works on a view that itself begins at an odd offset of its memory', () => {
    const memory = new ArrayBuffer(200)
    for (const offset of [1, 2, 3, 5]) {
      const view = new Uint8Array(memory, offset, 100).fill(0x41)
      xorInPlace(view, 7, 90, KEY)
      expect(view.slice(7, 90)).toEqual(maskByTheBook(new Uint8Array(83).fill(0x41), KEY_BYTES))
      expect([...view.slice(0, 7), ...view.slice(90)]).toEqual(Array(17).fill(0x41))
    }
  })

  test('two payloads in memories of different sizes do not disturb each other', () => {
    const small = new Uint8Array(32).fill(1)
    const large = new Uint8Array(4096).fill(2)
    for (const payload of [small, large, small, large]) xorInPlace(payload, 0, payload.length, KEY)
    expect(small).toEqual(new Uint8Array(32).fill(1))
    expect(large).toEqual(new Uint8Array(4096).fill(2))
  })

  test('masking twice gives the payload back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer(), fc.nat(3), (payload, key, alignment) => {
        const buffer = placed(payload, alignment)
        const start = 8 + alignment
        xorInPlace(buffer, start, start + payload.length, key)
        xorInPlace(buffer, start, start + payload.length, key)
        expect(buffer).toEqual(placed(payload, alignment))
      }),
    )
  })

  test('tells whether the result is ASCII, wherever the one byte that is not stands', () => {
    for (const length of [1, 4, 23, 24, 25, 31, 64, 67]) {
      for (let alignment = 0; alignment < 4; alignment++) {
        for (let position = -1; position < length; position++) {
          const plain = new Uint8Array(length).fill(0x61)
          if (position >= 0) plain[position] = 0x80
          const buffer = placed(maskByTheBook(plain, KEY_BYTES), alignment)
          const start = 8 + alignment
          expect(xorInPlace(buffer, start, start + length, KEY), `${length} at ${alignment}: ${position}`).toBe(
            position < 0,
          )
        }
      }
    }
  })

  test('an empty range is ASCII and changes nothing', () => {
    const buffer = Uint8Array.of(0xff, 0xff)
    expect(xorInPlace(buffer, 1, 1, KEY)).toBe(true)
    expect(buffer).toEqual(Uint8Array.of(0xff, 0xff))
  })
})

describe('§5.3 the masking-key', () => {
  test('is read and written in the order of the wire', () => {
    for (const bytes of [
      [0, 0, 0, 0],
      [1, 2, 3, 4],
      [0xff, 0xfe, 0xfd, 0xfc],
      [0x80, 0, 0, 0x80],
    ]) {
      const target = new Uint8Array(6)
      writeMaskingKey(target, 1, readMaskingKey(Uint8Array.of(9, ...bytes), 1))
      expect([...target]).toEqual([0, ...bytes, 0])
    }
  })

  test('a payload may be masked in any pieces when the key is rotated between them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 120 }), fc.integer(), fc.nat(119), (payload, key, at) => {
        const cut = Math.min(at, payload.length)
        const whole = payload.slice()
        const pieces = payload.slice()
        xorInPlace(whole, 0, whole.length, key)
        xorInPlace(pieces, 0, cut, key)
        xorInPlace(pieces, cut, pieces.length, rotateMaskingKey(key, cut))
        expect(pieces).toEqual(whole)
      }),
    )
  })
})
