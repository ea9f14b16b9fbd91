import { FrameArena, FrameWriter, frameHeaderBytes, Opcode, portableBytes, writeFrameHeader } from '@wigwag/socket/core'
import { concatBytes, readFrames } from '@wigwag/socket/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openParser } from '../support/frame-collector.ts'

const near = (border: number): fc.Arbitrary<number> => fc.integer({ min: border - 3, max: border + 3 })
const size = fc.oneof(fc.nat(300), near(125), near(16_384), near(65_535), fc.nat(120_000))
const frame = fc.record({
  opcode: fc.constantFrom(Opcode.text, Opcode.binary, Opcode.ping, Opcode.close),
  rsv: fc.integer({ min: 0, max: 7 }),
  size,
  fill: fc.nat(255),
})

test.each(['client', 'server'] as const)('§5.2 frames that a %s writes are the frames that its peer reads', (role) => {
  fc.assert(
    fc.property(
      fc.array(frame, { minLength: 1, maxLength: 4 }),
      fc.integer(),
      fc.integer({ min: 1, max: 5000 }),
      (specs, seed, step) => {
        const sent = specs.map(({ opcode, rsv, size, fill }) => {
          const control = opcode >= Opcode.close
          const payload = new Uint8Array(control ? Math.min(size, 125) : size).fill(fill)
          return { opcode, fin: true, reservedBits: control ? 0 : rsv, payload }
        })
        let key = seed
        const writer = new FrameWriter(role, portableBytes, new FrameArena(portableBytes, 4096), () => key++)
        const ranges: Uint8Array[] = []
        const output = {
          write: (b: Uint8Array, start: number, end: number): void => void ranges.push(b.slice(start, end)),
        }
        for (const { opcode, payload, reservedBits } of sent) writer.frame(opcode, payload, reservedBits, output)
        const stream = concatBytes(...ranges)
        const { parser, told } = openParser({ role: role === 'client' ? 'server' : 'client', reservedBits: 7 })
        for (let at = 0; at < stream.length; at += step) {
          const chunk = stream.slice(at, at + step)
          parser.parse(chunk, 0, chunk.length)
        }
        expect(told.faults).toEqual([])
        expect(told.frames.length).toBe(sent.length)
        for (const [i, { payload, ...header }] of sent.entries()) {
          expect(told.frames[i]).toMatchObject(header)
          expect(Buffer.compare(told.frames[i]?.payload as Uint8Array, payload)).toBe(0)
        }
      },
    ),
    { numRuns: 60 },
  )
})

/** Frames as they may come, whole or cut, with and without faults: first bytes and lengths around every border. */
const anyFrame = fc
  .record({
    first: fc.oneof(fc.constantFrom(0x81, 0x82, 0x01, 0x80, 0x89, 0x88), fc.nat(255)),
    masked: fc.boolean(),
    length: fc.oneof(fc.nat(140), near(300)),
    form: fc.constantFrom(7, 16, 64),
    key: fc.integer(),
    byte: fc.constantFrom(0x41, 0x61, 0xc3),
  })
  .map(({ first, masked, length, form, key, byte }) => {
    const mask = masked ? 0x80 : 0
    const short =
      form === 7 ? [mask | Math.min(length, 125)] : form === 16 ? [mask | 126, length >> 8, length & 0xff] : []
    const header = form === 64 ? [mask | 127, 0, 0, 0, 0, 0, 0, length >> 8, length & 0xff] : short
    const payload = new Uint8Array(form === 7 ? Math.min(length, 125) : length).fill(byte)
    const keyBytes = masked ? [key & 0xff, (key >> 8) & 0xff, (key >> 16) & 0xff, key >>> 24] : []
    return concatBytes(Uint8Array.of(first, ...header, ...keyBytes), payload)
  })

test.each(['client', 'server'] as const)(
  'what a %s reads is the same whether whole messages are taken in one step or not',
  (role) => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 400 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 310 }),
        (frames, step, goOn, maxFrameBytes) => {
          const stream = concatBytes(...frames)
          const read = (takesWholeMessages: boolean): unknown => {
            const { parser, told } = openParser({ role, maxFrameBytes })
            Object.assign(told, { takesWholeMessages, goOn })
            const consumed: number[] = []
            const left: Uint8Array[] = []
            for (let at = 0; at < stream.length && told.faults.length === 0; at += step) {
              const chunk = stream.slice(at, at + step)
              for (let from = 0; from < chunk.length && told.faults.length === 0; ) {
                const next = parser.parse(chunk, from, chunk.length)
                consumed.push(next)
                if (next === from) break
                from = next
              }
              left.push(chunk)
            }
            const { frames: seen, headers, ascii } = told
            return { seen, headers, ascii, consumed, left, codes: told.faults.map(({ code }) => code) }
          }
          expect(read(true)).toEqual(read(false))
        },
      ),
      { numRuns: 500 },
    )
  },
)

test('§5.2 a header of any length, masked or not, takes as many bytes as was said and reads back', () => {
  const length = fc.oneof(fc.nat(200), near(65_535), fc.constantFrom(2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1))
  fc.assert(
    fc.property(length, fc.option(fc.integer(), { nil: undefined }), (payloadBytes, key) => {
      const target = new Uint8Array(20).fill(0xaa)
      const end = writeFrameHeader(target, 3, 0x82, payloadBytes, key)
      expect(end - 3).toBe(frameHeaderBytes(payloadBytes, key !== undefined))
      expect([...target.slice(0, 3), ...target.slice(end)].every((byte) => byte === 0xaa)).toBe(true)
      const { parser, told } = openParser({ role: key === undefined ? 'client' : 'server', maxFrameBytes: 2 ** 53 - 1 })
      parser.parse(target, 3, end)
      expect(told.headers).toEqual([payloadBytes])
      if (payloadBytes === 0) expect(readFrames(target.slice(3, end))).toHaveLength(1)
    }),
  )
})
