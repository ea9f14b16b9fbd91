import { encodeBase64 } from '@wigwag/socket/core'
import { textBytes } from '@wigwag/socket/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'

test.each([
  ['', ''],
  ['f', 'Zg=='],
  ['fo', 'Zm8='],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg=='],
  ['fooba', 'Zm9vYmE='],
  ['foobar', 'Zm9vYmFy'],
])('RFC 4648 §10: base64 of %j is %j', (text, expected) => {
  expect(encodeBase64(textBytes(text))).toBe(expected)
})

test('any bytes give what the platform gives', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
    }),
  )
})
