import { readFileSync } from 'node:fs'
import { xorInPlace } from '@wigwag/socket/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maskingModuleSource } from '../../../../tools/wasm/masking-module-source.ts'
import { nodeBytes } from '../../src/node/node-bytes.ts'
import { READ_BUFFER, xorByCopy, xorReadBuffer } from '../../src/node/simd-masking.ts'

test('the module in the package is what its source assembles', () => {
  const written = readFileSync(new URL('../../src/node/masking-module.ts', import.meta.url), 'utf8')
  expect(written).toBe(maskingModuleSource())
})

test('this Node has it, and reads go into its memory', () => {
  expect(xorReadBuffer).toBeDefined()
  expect(xorByCopy).toBeDefined()
  expect(READ_BUFFER.length).toBe(256 * 1024)
})

/** Payloads around the sizes at which something changes, ASCII or nearly, at any offset. */
const anyPayload = fc.record({
  length: fc.oneof(fc.nat(200), fc.nat(5000), fc.constantFrom(65_535, 65_536, 65_537, 131_072, 150_003)),
  offset: fc.nat(70),
  key: fc.integer(),
  highBytesAt: fc.array(fc.nat(150_003), { maxLength: 2 }),
})

test.each([
  ['in the read buffer', () => READ_BUFFER],
  ['anywhere else', () => Buffer.alloc(READ_BUFFER.length)],
])('masks are undone %s as the loop does, and ASCII is told', (_where, memory) => {
  fc.assert(
    fc.property(anyPayload, ({ length, offset, key, highBytesAt }) => {
      const bytes = memory()
      const end = offset + length
      bytes.fill(0x2e, 0, end + 100)
      const plain = Uint8Array.from({ length }, (_, i) => (i * 37) & 0x7f)
      for (const position of highBytesAt) if (position < length) plain[position] = 0x80
      const masked = Uint8Array.from(plain)
      xorInPlace(masked, 0, length, key)
      bytes.set(masked, offset)
      const ascii = nodeBytes.xor(bytes, offset, end, key)
      expect(Buffer.compare(bytes.subarray(offset, end), plain)).toBe(0)
      expect(bytes.subarray(0, offset).every((byte) => byte === 0x2e)).toBe(true)
      expect(bytes.subarray(end, end + 100).every((byte) => byte === 0x2e)).toBe(true)
      expect(ascii).toBe(plain.every((byte) => byte < 0x80))
    }),
  )
})

test('every length and offset around its blocks, with the byte that is not ASCII in every place', () => {
  for (let length = 0; length <= 96; length++) {
    for (let position = -1; position < length; position++) {
      const plain = new Uint8Array(length).fill(0x61)
      if (position >= 0) plain[position] = 0x80
      const offset = length % 17
      READ_BUFFER.set(plain, offset)
      xorInPlace(READ_BUFFER, offset, offset + length, 0x0403_0201)
      expect(xorReadBuffer?.(offset, offset + length, 0x0403_0201), `${length}: ${position}`).toBe(position < 0)
      expect(READ_BUFFER.subarray(offset, offset + length)).toEqual(Buffer.from(plain))
    }
  }
})
