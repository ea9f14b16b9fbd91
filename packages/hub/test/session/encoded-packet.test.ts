import { PreparedMessage } from '@wigwag/socket'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packetBytes } from '../../src/session/encoded-packet.ts'

test('text counts as the UTF-8 that is sent, whatever is in it', () => {
  const surrogate = fc.integer({ min: 0xd7ff, max: 0xe000 })
  const unit = fc.oneof(fc.nat(0x7f), fc.nat(0xffff), surrogate)
  fc.assert(
    fc.property(fc.array(unit), (units) => {
      const text = String.fromCharCode(...units)
      expect(packetBytes(text)).toBe(Buffer.byteLength(text))
    }),
    { numRuns: 500 },
  )
})

test('a prepared message counts as its data', () => {
  expect(packetBytes(new PreparedMessage('{"a":"ü"}'))).toBe(10)
  expect(packetBytes(new PreparedMessage(new Uint8Array(5)))).toBe(5)
})
