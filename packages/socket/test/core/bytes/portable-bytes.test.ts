import { portableBytes } from '@wigwag/socket/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const platformEncoder = new TextEncoder()
const platformDecoder = new TextDecoder('utf-8', { ignoreBOM: true })

function encode(text: string): Uint8Array {
  const target = new Uint8Array(portableBytes.textByteLength(text))
  expect(portableBytes.encodeText(text, target, 0)).toBe(target.length)
  return target
}

describe('portable bytes', () => {
  test.each([
    ['nothing', ''],
    ['ASCII', 'Hello'],
    ['two, three and four bytes', 'é€😀'],
    ['the border characters', '\0\x7f\x80\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}'],
    ['a byte order mark, which is part of the text', '\ufefftext\ufeff'],
  ])('encodes and decodes %s as the platform does', (_name, text) => {
    const bytes = encode(text)
    expect(bytes).toEqual(new Uint8Array(platformEncoder.encode(text)))
    expect(portableBytes.decodeText(bytes, 0, bytes.length, false)).toBe(text)
  })

  test.each([
    ['a high surrogate at the end', 'a\ud83d', 'a\ufffd'],
    ['a low surrogate on its own', '\ude00a', '\ufffda'],
    ['two high surrogates', '\ud83d\ud83d', '\ufffd\ufffd'],
    ['surrogates in the wrong order', '\ude00\ud83d', '\ufffd\ufffd'],
  ])('encodes %s as U+FFFD', (_name, text, expected) => {
    expect(encode(text)).toEqual(new Uint8Array(platformEncoder.encode(expected)))
  })

  test('text that is trusted and cut off is decoded without what lies behind it', () => {
    for (const cut of [[0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xff]]) {
      const followed = (next: number): string =>
        portableBytes.decodeText(Uint8Array.of(...cut, next, next, next), 0, cut.length, false)
      expect(followed(0x61)).toBe(followed(0xbf))
    }
  })

  test('any string is encoded as the platform encodes it, and what was well-formed comes back', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff), { maxLength: 60 }), (units) => {
        const text = String.fromCharCode(...units)
        const bytes = encode(text)
        expect(bytes).toEqual(new Uint8Array(platformEncoder.encode(text)))
        expect(portableBytes.isUtf8(bytes, 0, bytes.length)).toBe(true)
        expect(portableBytes.decodeText(bytes, 0, bytes.length, false)).toBe(platformDecoder.decode(bytes))
      }),
    )
  })

  test('writes a range to another array, and nothing beside it', () => {
    const target = new Uint8Array(6).fill(9)
    portableBytes.copyTo(Uint8Array.of(1, 2, 3, 4, 5), 1, 4, target, 2)
    expect([...target]).toEqual([9, 9, 2, 3, 4, 9])
  })

  test('decodes texts longer than an engine takes arguments', () => {
    const text = 'a€😀'.repeat(40_000)
    const bytes = encode(text)
    expect(portableBytes.decodeText(bytes, 0, bytes.length, false)).toBe(text)
  })

  test('works on a range and leaves the rest alone', () => {
    const target = new Uint8Array(8).fill(0x2e)
    expect(portableBytes.encodeText('é', target, 3)).toBe(2)
    expect([...target]).toEqual([0x2e, 0x2e, 0x2e, 0xc3, 0xa9, 0x2e, 0x2e, 0x2e])
    expect(portableBytes.decodeText(target, 2, 6, false)).toBe('.é.')
    expect(portableBytes.isUtf8(target, 3, 5)).toBe(true)
    expect(portableBytes.isUtf8(target, 4, 6)).toBe(false)
    expect(portableBytes.isUtf8(target, 3, 4), 'a cut character').toBe(false)
  })

  test('memory that it allocates holds nothing old', () => {
    expect(portableBytes.allocate(64)).toEqual(new Uint8Array(64))
  })
})
