import { randomBytes } from 'node:crypto'
import { createInflateRaw } from 'node:zlib'
import type { AcceptedExtension, DeflatePort, DeflateSettings } from '@wigwag/socket/core'
import fc from 'fast-check'
import { test as anyTest, describe, expect } from 'vitest'
import { resolveExtensions } from '../../src/node/extension-options.ts'
import { nativeDeflate } from '../../src/node/native-deflate.ts'
import { publicDeflate } from '../../src/node/public-deflate.ts'

/** The whole suite is run with `WIGWAG_IO=public`, too: then there is nothing here to use. */
const test = anyTest.skipIf(process.env['WIGWAG_IO'] === 'public')

const NONE = new Uint8Array(0)
const FINAL_BLOCK = Buffer.of(0x01, 0x00, 0x00, 0xff, 0xff)
const SETTINGS: DeflateSettings = { windowBits: 12, level: 6, memLevel: 4 }
const native = nativeDeflate() as DeflatePort

const ended = (deflated: Uint8Array): Uint8Array => Buffer.concat([deflated, FINAL_BLOCK])
const text = (size: number): Buffer => Buffer.alloc(size, '{"id":17,"name":"seventeen"}')

test('it is in use on every version of Node that it was tested on', () => {
  expect([20, 22, 24]).toContain(Number(process.versions.node.split('.')[0]))
  expect(native).toBeDefined()
})

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc
    .tuple(fc.constantFrom('{"order":', 'aaaaaaaa', 'é€😀'), fc.nat(900))
    .map(([part, times]) => Buffer.from(part.repeat(times))),
)
const settings = fc.record({
  windowBits: fc.integer({ min: 8, max: 15 }),
  level: fc.integer({ min: 0, max: 9 }),
  memLevel: fc.integer({ min: 1, max: 9 }),
})

describe('the documented calls and it understand each other', () => {
  test('whatever one compresses the other decompresses, call by call in any order', () => {
    const call = fc.tuple(bytes, bytes, settings, fc.boolean())
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 10 }), (calls) => {
        for (const [plain, before, how, nativeFirst] of calls) {
          const [one, other] = nativeFirst ? [native, publicDeflate] : [publicDeflate, native]
          const input = ended(one.deflate(plain, before, how))
          const inflated = other.inflate(input, before, how.windowBits, plain.length + 1)
          if (typeof inflated === 'string') expect.fail(inflated)
          expect(Buffer.compare(inflated.bytes, plain)).toBe(0)
          expect(inflated.consumed).toBe(input.length)
        }
      }),
      { numRuns: 200 },
    )
  })

  // With the largest window, as how far beyond a smaller one zlib looks depends on how much output it has space for.
  test('both make the same of what is damaged', () => {
    const damage = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat(30))
    fc.assert(
      fc.property(bytes, bytes, damage, (plain, before, [at, bits, cut]) => {
        const input = Buffer.from(ended(publicDeflate.deflate(plain, before, { ...SETTINGS, windowBits: 15 })))
        input[at % input.length] = (input[at % input.length] as number) ^ bits
        const damaged = input.subarray(0, Math.max(0, input.length - cut))
        const [one, other] = [native, publicDeflate].map((port) => port.inflate(damaged, before, 15, 1 << 20))
        if (typeof one !== 'object' || typeof other !== 'object') expect(one).toBe(other)
        else expect([Buffer.from(one.bytes), one.consumed]).toEqual([Buffer.from(other.bytes), other.consumed])
      }),
      { numRuns: 500 },
    )
  })

  test.each([0, 1, 65_535, 65_536, 65_537, 131_072, 3_000_001])(
    '%i bytes, more than it has room for at a time',
    (size) => {
      for (const plain of [text(size), randomBytes(size)]) {
        const input = ended(native.deflate(plain, NONE, SETTINGS))
        const inflated = native.inflate(input, NONE, 12, size)
        if (typeof inflated === 'string') expect.fail(inflated)
        expect(Buffer.compare(inflated.bytes, plain)).toBe(0)
        expect(inflated.consumed).toBe(input.length)
        if (size > 0) expect(native.inflate(input, NONE, 12, size - 1)).toBe('too-large')
      }
    },
  )
})

test('what was before one message is not there for the next', () => {
  const plain = text(300)
  const input = ended(native.deflate(plain, plain, SETTINGS))
  expect(native.inflate(input, plain, 12, 1000)).toMatchObject({ consumed: input.length })
  expect(native.inflate(input, NONE, 12, 1000)).toBe('malformed')
  expect(Buffer.compare(native.deflate(plain, NONE, SETTINGS), publicDeflate.deflate(plain, NONE, SETTINGS))).toBe(0)
})

test('a result does not change with the next call', () => {
  const results = [1, 2, 3].map((n) => native.deflate(Buffer.alloc(100, n), NONE, SETTINGS))
  const inflated = results.map((deflated) => native.inflate(ended(deflated), NONE, 12, 100))
  expect(inflated.map((each) => (typeof each === 'string' ? each : each.bytes[99]))).toEqual([1, 2, 3])
})

test('without a level, what is large gets less effort', () => {
  const unset = { windowBits: 12, level: undefined, memLevel: undefined }
  for (const [port, memLevel] of [
    [native, 8],
    [publicDeflate, 4],
  ] as const) {
    for (const [size, level] of [
      [1023, 6],
      [1024, 3],
    ] as const) {
      const plain = Buffer.from(Array.from({ length: size }, (_, i) => `${(i * i) % 97}`).join(',')).subarray(0, size)
      const expected = port.deflate(plain, NONE, { windowBits: 12, level, memLevel })
      expect(Buffer.compare(port.deflate(plain, NONE, unset), expected)).toBe(0)
      const otherwise = port.deflate(plain, NONE, { windowBits: 12, level: 9 - level, memLevel })
      expect(Buffer.compare(otherwise, expected), 'the levels differ').not.toBe(0)
    }
  }
})

test('settings that zlib does not take throw, rather than end the process', () => {
  for (const wrong of [{ windowBits: 16 }, { level: 10 }, { memLevel: 0 }]) {
    expect(() => native.deflate(text(9), NONE, { ...SETTINGS, ...wrong })).toThrow(RangeError)
  }
  expect(() => native.inflate(NONE, NONE, 16, 10)).toThrow(RangeError)
  expect(() => native.deflate('text' as unknown as Uint8Array, 7 as unknown as Uint8Array, SETTINGS)).toThrow(TypeError)
})

test('a call within a call is answered, too', () => {
  const prototype = Object.getPrototypeOf((createInflateRaw() as unknown as { _handle: object })._handle)
  const { writeSync } = prototype
  const nested: unknown[] = []
  prototype.writeSync = function (this: unknown, ...call: unknown[]): void {
    prototype.writeSync = writeSync
    nested.push(native.inflate(Buffer.of(0xff), NONE, 12, 10), native.deflate(text(100), NONE, SETTINGS).length)
    writeSync.apply(this, call)
  }
  try {
    expect(native.inflate(ended(native.deflate(text(100), NONE, SETTINGS)), NONE, 12, 100)).not.toBe('malformed')
  } finally {
    prototype.writeSync = writeSync
  }
  expect(nested).toEqual(['malformed', publicDeflate.deflate(text(100), NONE, SETTINGS).length])
})

test("with io: 'public' zlib's streams are opened as documented, one for each message", () => {
  const prototype = Object.getPrototypeOf((createInflateRaw() as unknown as { _handle: object })._handle)
  const { init } = prototype
  const opened = (io: 'native' | 'public'): number => {
    const [extension] = resolveExtensions({ io, perMessageDeflate: { thresholdBytes: 0 } }, false)
    const accepted = extension?.accept([['server_no_context_takeover', undefined]])
    const { codec } = accepted as AcceptedExtension
    codec.encode(text(100), undefined)
    let count = 0
    prototype.init = function (this: unknown, ...call: unknown[]): void {
      count++
      init.apply(this, call)
    }
    try {
      for (let i = 0; i < 20; i++) codec.decode(codec.encode(text(100), undefined) as Uint8Array, 100)
    } finally {
      prototype.init = init
    }
    return count
  }
  expect(opened('public')).toBe(40)
  expect(opened('native')).toBeLessThan(3)
})
