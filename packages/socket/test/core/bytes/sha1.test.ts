import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { sha1 } from '../../../src/core/bytes/sha1.ts'

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

test.each([
  ['abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
  ['abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '84983e441c3bd26ebaae4aa1f95129e5e54670f1'],
  ['a'.repeat(1_000_000), '34aa973cd4c4daa4f61eeb2bdbad27316534016f'],
  [
    '0123456701234567012345670123456701234567012345670123456701234567'.repeat(10),
    'dea356a2cddd90c7a7ecedc5ebb563934f460452',
  ],
  ['', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
])('RFC 3174 §7.3: the digest of a known text', (text, expected) => {
  expect(hex(sha1(text))).toBe(expected)
})

test('RFC 3174 §4: every length around the borders of a block', () => {
  for (let length = 0; length <= 130; length++) {
    const text = 'x'.repeat(length)
    expect(hex(sha1(text)), `length ${length}`).toBe(createHash('sha1').update(text).digest('hex'))
  }
})
