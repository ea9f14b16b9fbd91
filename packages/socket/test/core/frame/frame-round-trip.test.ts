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
