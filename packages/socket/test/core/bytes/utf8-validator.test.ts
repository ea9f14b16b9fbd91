import { type BytePort, portableBytes, Utf8Validator } from '@wigwag/socket/core'
import { concatBytes, textBytes } from '@wigwag/socket/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyText } from '../support/text-arbitrary.ts'

/** How many bytes, pushed one by one, are accepted before the first refusal; undefined when none is refused. */
function refusedAt(bytes: readonly number[]): number | undefined {
  const validator = new Utf8Validator(portableBytes)
  const at = bytes.findIndex((byte) => !validator.push(Uint8Array.of(byte), 0, 1))
  return at < 0 ? undefined : at
}

/** Every class of RFC 3629 §4 that is not UTF-8, with the index of the byte that no continuation can save. */
const INVALID: readonly [name: string, bytes: number[], at: number][] = [
  ['a continuation byte on its own', [0x80], 0],
  ['the highest continuation byte on its own', [0xbf], 0],
  ['an overlong two-byte form, C0', [0xc0, 0x80], 0],
  ['an overlong two-byte form, C1', [0xc1, 0xbf], 0],
  ['an overlong three-byte form', [0xe0, 0x9f, 0xbf], 1],
  ['an overlong four-byte form', [0xf0, 0x8f, 0xbf, 0xbf], 1],
  ['the first surrogate, U+D800', [0xed, 0xa0, 0x80], 1],
  ['the last surrogate, U+DFFF', [0xed, 0xbf, 0xbf], 1],
  ['a surrogate pair in CESU-8', [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80], 1],
  ['the first value above U+10FFFF', [0xf4, 0x90, 0x80, 0x80], 1],
  ['a lead byte of values above U+10FFFF', [0xf5, 0x80, 0x80, 0x80], 0],
  ['a five-byte form', [0xf8, 0x88, 0x80, 0x80, 0x80], 0],
  ['a six-byte form', [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80], 0],
  ['FE', [0xfe], 0],
  ['FF', [0xff], 0],
  ['ASCII within a two-byte character', [0xc3, 0x41], 1],
  ['ASCII within a three-byte character', [0xe2, 0x82, 0x41], 2],
  ['ASCII within a four-byte character', [0xf0, 0x9f, 0x98, 0x41], 3],
  ['a lead byte within a character', [0xe2, 0xc3, 0xa9], 1],
  ['one continuation byte too many', [0xc3, 0xa9, 0xa9], 2],
]

const VALID: readonly [name: string, bytes: number[]][] = [
  ['nothing', []],
  ['U+0000', [0x00]],
  ['U+007F', [0x7f]],
  ['U+0080, the first of two bytes', [0xc2, 0x80]],
  ['U+07FF, the last of two bytes', [0xdf, 0xbf]],
  ['U+0800, the first of three bytes', [0xe0, 0xa0, 0x80]],
  ['U+D7FF, below the surrogates', [0xed, 0x9f, 0xbf]],
  ['U+E000, above the surrogates', [0xee, 0x80, 0x80]],
  ['U+FFFF, a noncharacter', [0xef, 0xbf, 0xbf]],
  ['U+FEFF, a byte order mark', [0xef, 0xbb, 0xbf]],
  ['U+10000, the first of four bytes', [0xf0, 0x90, 0x80, 0x80]],
  ['U+10FFFF, the last of all', [0xf4, 0x8f, 0xbf, 0xbf]],
]

describe('§8.1 text that is not UTF-8 fails at the first byte that shows it', () => {
  test.each(INVALID)('%s', (_name, bytes, at) => {
    expect(refusedAt(bytes)).toBe(at)
    expect(refusedAt([0x61, ...bytes])).toBe(at + 1)
  })

  test.each(INVALID)('%s, at any place of a long text given in any two pieces', (_name, bytes, at) => {
    for (const before of [0, 3, 61, 64, 130]) {
      const text = concatBytes(new Uint8Array(before).fill(0x61), Uint8Array.from(bytes), new Uint8Array(70).fill(0x62))
      const badAt = before + at
      for (const cut of [badAt, badAt + 1, before, text.length]) {
        const validator = new Utf8Validator(portableBytes)
        expect(validator.push(text, 0, Math.min(cut, badAt)), `${before} before, up to ${cut}`).toBe(true)
        expect(validator.push(text, Math.min(cut, badAt), text.length)).toBe(false)
      }
    }
  })
})

describe('§8.1 text that is UTF-8 passes', () => {
  test.each(VALID)('%s', (_name, bytes) => {
    const validator = new Utf8Validator(portableBytes)
    expect(validator.push(Uint8Array.from(bytes), 0, bytes.length)).toBe(true)
    expect(validator.complete).toBe(true)
  })

  test.each(VALID)('%s, cut anywhere: incomplete exactly within the character', (_name, bytes) => {
    for (let cut = 1; cut < bytes.length; cut++) {
      const validator = new Utf8Validator(portableBytes)
      expect(validator.push(Uint8Array.from(bytes), 0, cut)).toBe(true)
      expect(validator.complete).toBe(false)
      expect(validator.push(Uint8Array.from(bytes), cut, bytes.length)).toBe(true)
      expect(validator.complete).toBe(true)
    }
  })

  test('agrees with the platform about every two-byte sequence and every lead of a longer one', () => {
    const platform = new TextDecoder('utf-8', { fatal: true })
    const tails = [[], [0x80], [0x80, 0x80]]
    for (let first = 0xc0; first <= 0xff; first++) {
      for (let second = 0; second <= 0xff; second += first < 0xe0 ? 1 : 3) {
        for (const tail of tails) {
          const bytes = Uint8Array.of(first, second, ...tail)
          let valid = true
          try {
            platform.decode(bytes)
          } catch {
            valid = false
          }
          if (portableBytes.isUtf8(bytes, 0, bytes.length) !== valid) expect([...bytes], `valid: ${valid}`).toBe(valid)
        }
      }
    }
  })

  test('any text in any three pieces', () => {
    fc.assert(
      fc.property(anyText(60), fc.nat(), fc.nat(), (text, a, b) => {
        const bytes = textBytes(text)
        const [from, to] = [a % (bytes.length + 1), b % (bytes.length + 1)].sort((x, y) => x - y) as [number, number]
        const validator = new Utf8Validator(portableBytes)
        const verdicts = [
          validator.push(bytes, 0, from),
          validator.push(bytes, from, to),
          validator.push(bytes, to, bytes.length),
        ]
        expect([...verdicts, validator.complete]).toEqual([true, true, true, true])
      }),
    )
  })
})

test('long ranges are asked of the host in one go, up to the last whole character', () => {
  const asked: [number, number][] = []
  const port: BytePort = {
    ...portableBytes,
    isUtf8(bytes, start, end) {
      asked.push([start, end])
      return portableBytes.isUtf8(bytes, start, end)
    },
  }
  for (const character of ['a', 'é', '€', '😀']) {
    const text = textBytes(character.repeat(100))
    for (let cut = text.length - 4; cut <= text.length; cut++) {
      asked.length = 0
      const validator = new Utf8Validator(port)
      expect(validator.push(text, 0, cut)).toBe(true)
      expect(asked).toHaveLength(1)
      expect(cut - (asked[0]?.[1] as number)).toBeLessThan(4)
      expect(validator.complete).toBe(cut % textBytes(character).length === 0)
    }
  }
})
