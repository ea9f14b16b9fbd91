import { createHash } from 'node:crypto'
import { acceptKey, encodeBase64, isWebSocketKey } from '@wigwag/socket/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'

test('§1.3 the example of the RFC', () => {
  expect(acceptKey('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
})

test('§4.2.2 any nonce makes a key, and its answer is SHA-1 of key and GUID in base64', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (nonce) => {
      const key = encodeBase64(nonce)
      expect(isWebSocketKey(key)).toBe(true)
      const expected = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
      expect(acceptKey(key)).toBe(expected)
    }),
  )
})

test.each([
  '',
  'abc',
  'dGhlIHNhbXBsZSBub25jZQ',
  'dGhlIHNhbXBsZSBub25jZQ==\n',
  ' dGhlIHNhbXBsZSBub25jZQ==',
  'dGhlIHNhbXBsZSBub25j-_==',
])('§4.1 %j is no Sec-WebSocket-Key', (text) => expect(isWebSocketKey(text)).toBe(false))
