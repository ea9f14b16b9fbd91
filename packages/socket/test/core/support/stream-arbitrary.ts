import type { Role } from '@wigwag/socket/core'
import { closePayload, concatBytes, type FrameSpec, frameBytes, textBytes } from '@wigwag/socket/testing'
import fc from 'fast-check'
import { compress } from './test-deflate.ts'

const payloadSize = fc.oneof(
  { arbitrary: fc.nat(40), weight: 6 },
  { arbitrary: fc.constantFrom(125, 126, 127, 1000), weight: 2 },
  { arbitrary: fc.constantFrom(65_535, 65_536), weight: 1 },
)
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀', '\0'), maxLength: 40 }),
  payloadSize.map((size) => 'x'.repeat(size)),
)
const control = fc.record({
  opcode: fc.constantFrom(9, 10),
  payload: fc.oneof(fc.constant(new Uint8Array(0)), fc.uint8Array({ maxLength: 125 })),
})

/** A message as its frames: split anywhere, even within a character, with control frames between. */
const message = fc
  .record({
    content: fc.oneof(
      text,
      fc.uint8Array({ maxLength: 60 }),
      payloadSize.map((size) => new Uint8Array(size).fill(0xc3)),
    ),
    cuts: fc.array(fc.nat(), { maxLength: 3 }),
    between: control,
    compressed: fc.boolean(),
  })
  .map(({ content, cuts, between, compressed }): FrameSpec[] => {
    const plain = typeof content === 'string' ? textBytes(content) : content
    const payload = compressed ? compress(plain) : plain
    const ends = [...cuts.map((cut) => cut % (payload.length + 1)).sort((a, b) => a - b), payload.length]
    return ends.flatMap((end, i): FrameSpec[] => {
      const first = i === 0
      const fragment: FrameSpec = {
        opcode: first ? (typeof content === 'string' ? 1 : 2) : 0,
        fin: i === ends.length - 1,
        rsv: first && compressed ? 4 : 0,
        payload: payload.slice(ends[i - 1] ?? 0, end),
      }
      return first ? [fragment] : [between, fragment]
    })
  })

const ending = fc.oneof(
  fc.constant<FrameSpec[]>([]),
  fc.constantFrom(1000, 1001, 3000).map((code): FrameSpec[] => [{ opcode: 8, payload: closePayload(code, 'bye') }]),
  fc.constant<FrameSpec[]>([{ opcode: 8 }]),
)

/** A valid stream as the peer of `role` sends it, with deflate negotiated or not. */
export function validStream(role: Role, deflate: boolean): fc.Arbitrary<Uint8Array> {
  const parts = fc.array(
    fc.oneof(
      message,
      control.map((frame): FrameSpec[] => [frame]),
    ),
    { maxLength: 5 },
  )
  const mask = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255))
  return fc.tuple(parts, ending, mask).map(([messages, last, key]) => {
    // A message drawn as compressed goes plain where nothing was negotiated: valid all the same, but for its text.
    const specs = [...messages.flat(), ...last].map((spec) => ({
      ...spec,
      ...(!deflate && (spec.rsv ?? 0) > 0 && { rsv: 0, opcode: 2 }),
      ...(role === 'server' && { mask: key }),
    }))
    return concatBytes(...specs.map((spec) => frameBytes(spec)))
  })
}

/** The bytes cut into chunks at any places; each chunk has memory of its own. */
export function chunksOf(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b)
  return places.slice(1).map((end, i) => bytes.slice(places[i], end))
}

/** Something that happens to a stream on its way. */
export type Mutation = (bytes: Uint8Array) => Uint8Array

const place = fc.nat()
const at = (bytes: Uint8Array, index: number): number => index % (bytes.length + 1)

/** Bit flips, insertions, deletions, truncations and slices that come twice. */
export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.nat(7)).map(
    ([index, bit]): Mutation =>
      (bytes) => {
        const copy = bytes.slice()
        if (copy.length > 0) copy[index % copy.length] = (copy[index % copy.length] as number) ^ (1 << bit)
        return copy
      },
  ),
  fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 12 })).map(
    ([index, extra]): Mutation =>
      (bytes) =>
        concatBytes(bytes.slice(0, at(bytes, index)), extra, bytes.slice(at(bytes, index))),
  ),
  fc.tuple(place, fc.integer({ min: 1, max: 20 })).map(
    ([index, count]): Mutation =>
      (bytes) =>
        concatBytes(bytes.slice(0, at(bytes, index)), bytes.slice(at(bytes, index) + count)),
  ),
  place.map(
    (index): Mutation =>
      (bytes) =>
        bytes.slice(0, at(bytes, index)),
  ),
  fc.tuple(place, fc.integer({ min: 1, max: 200 })).map(
    ([index, count]): Mutation =>
      (bytes) => {
        const from = at(bytes, index)
        return concatBytes(bytes.slice(0, from + count), bytes.slice(from, from + count), bytes.slice(from + count))
      },
  ),
)
