import { portableBytes } from '@wigwag/socket/core'
import { expect, test } from 'vitest'
import { nodeBytes } from '../../src/node/node-bytes.ts'

const TEXTS = [
  '',
  'a',
  'x'.repeat(24),
  'x'.repeat(25),
  'é',
  `${'x'.repeat(23)}é`,
  '€'.repeat(100),
  '𝄞',
  '\ud800',
  'a\udc00b',
]

test.each(TEXTS)('encodes, measures and decodes %j as portable code does', (text) => {
  const [ours, theirs] = [new Uint8Array(400).fill(7), new Uint8Array(400).fill(7)]
  const length = nodeBytes.encodeText(text, ours, 5)
  expect(length).toBe(portableBytes.encodeText(text, theirs, 5))
  expect(ours.subarray(0, 5 + length)).toEqual(theirs.subarray(0, 5 + length))
  expect(nodeBytes.textByteLength(text)).toBe(length)
  expect(nodeBytes.isUtf8(ours, 5, 5 + length)).toBe(true)
  expect(nodeBytes.decodeText(ours, 5, 5 + length, false)).toBe(Buffer.from(text).toString())
})

test('text is encoded as ASCII only if all of it is, wherever and however wide the character is that is not', () => {
  for (const wide of ['', '\x80', 'é', '€', '𝄞', '𝄞𝄞𝄞𝄞𝄞𝄞𝄞', '\ud800', '€'.repeat(40)]) {
    for (const length of [0, 1, 7, 8, 15, 16, 17, 31, 100]) {
      for (let at = 0; at <= length; at++) {
        const text = `${'x'.repeat(at)}${wide}${'y'.repeat(length - at)}`
        for (const port of [nodeBytes, portableBytes]) {
          const target = Buffer.alloc(3 + text.length + 16)
          expect(port.encodeAscii(text, target, 3), JSON.stringify(text)).toBe(wide === '')
          if (wide === '') expect(target.toString('latin1', 3, 3 + text.length)).toBe(text)
        }
      }
    }
  }
})

test('a long text that is nearly ASCII is decoded as what it is', () => {
  for (const wide of ['', 'é', '€', '𝄞']) {
    for (const at of [0, 1, 20_000, 40_000]) {
      const text = `${'x'.repeat(at)}${wide}${'y'.repeat(40_000 - at)}`
      const bytes = Buffer.from(`..${text}`)
      expect(nodeBytes.decodeText(bytes, 2, bytes.length, false) === text).toBe(true)
    }
  }
})

test('takes views of a larger buffer, Buffer or not, and leaves the bytes around them alone', () => {
  const whole = Buffer.alloc(64, 0x2e)
  for (const view of [whole.subarray(8, 40), new Uint8Array(whole.buffer, whole.byteOffset + 8, 32)]) {
    view.fill(0x2e)
    nodeBytes.encodeText('é0123456789012345678901234', view, 2)
    expect(nodeBytes.decodeText(view, 2, 29, false)).toBe('é0123456789012345678901234')
    expect(nodeBytes.decodeText(view, 4, 14, true)).toBe('0123456789')
  }
  expect(whole.toString('latin1', 0, 10)).toBe('..........')
  expect(whole.toString('latin1', 40)).toBe('.'.repeat(24))
})

test('compares views, Buffer or not, as portable code does', () => {
  const whole = Buffer.from('abcabd')
  const views = [whole.subarray(0, 3), new Uint8Array(whole.buffer, whole.byteOffset + 3, 3), Uint8Array.of(97, 98, 99)]
  const pairs = [...views, whole, new Uint8Array(0)].flatMap((one, _i, all) =>
    all.map((other) => [one, other] as const),
  )
  for (const [one, other] of pairs) {
    expect(nodeBytes.equals(one, other)).toBe(Buffer.compare(one, other) === 0)
    expect(portableBytes.equals(one, other)).toBe(Buffer.compare(one, other) === 0)
  }
})

test('memory of the arena is its own, not a piece of a shared pool', () => {
  const bytes = nodeBytes.allocate(100)
  expect([bytes.byteOffset, bytes.buffer.byteLength]).toEqual([0, 100])
})
