import { assembleModule, type Code, get, I32, i32, set, tee, V128, v128, whileTrue } from './assembler.ts'

/** What sockets read into, and behind it a place for bytes that lie elsewhere. */
const MEMORY_PAGES = (256 + 64) / 64

// Parameters and locals by number.
const position = 0
const end = 1
const key = 2
const keys = 3
const block = 4
const seenBlocks = 5
const lane = 6
const seenLanes = 7

/** Whether `bytes` more may be taken. */
const roomFor = (bytes: number): Code => [...get(end), ...get(position), ...i32.sub, ...i32.const(bytes), ...i32.geU]
const advance = (bytes: number): Code => [...get(position), ...i32.const(bytes), ...i32.add, ...set(position)]

/** Unmasks 16 bytes at `position + offset`. */
const unmaskBlock = (offset: number): Code => [
  ...get(position),
  ...get(position),
  ...v128.load(offset),
  ...get(keys),
  ...v128.xor,
  ...tee(block),
  ...v128.store(offset),
  ...get(seenBlocks),
  ...get(block),
  ...v128.or,
  ...set(seenBlocks),
]

/** Unmasks what `load` takes at `position` with what `maskingKey` leaves. */
const unmaskLane = (load: Code, maskingKey: Code, store: Code): Code => [
  ...get(position),
  ...get(position),
  ...load,
  ...maskingKey,
  ...i32.xor,
  ...tee(lane),
  ...store,
  ...get(seenLanes),
  ...get(lane),
  ...i32.or,
  ...set(seenLanes),
]

/** Those that no ASCII character has. */
const HIGHEST_BITS = 0x80808080 | 0

/**
 * `xor(start, end, key)`: XORs the memory's `[start, end)` with a masking-key whose first byte is its lowest. Returns 0
 * if the result is all ASCII. Nothing before `start` or from `end` on is touched.
 */
export function assembleMaskingModule(): Uint8Array {
  return assembleModule(MEMORY_PAGES, {
    name: 'xor',
    parameters: [I32, I32, I32],
    result: I32,
    locals: [V128, V128, V128, I32, I32],
    body: [
      ...get(key),
      ...v128.splatI32,
      ...set(keys),
      ...whileTrue(roomFor(64), [...[0, 16, 32, 48].flatMap(unmaskBlock), ...advance(64)]),
      ...whileTrue(roomFor(16), [...unmaskBlock(0), ...advance(16)]),
      // What is done so far is a multiple of four, so the key still begins with its first byte.
      ...whileTrue(roomFor(4), [...unmaskLane(i32.load(0), get(key), i32.store(0)), ...advance(4)]),
      ...whileTrue(roomFor(1), [
        ...unmaskLane(i32.loadByte(0), [...get(key), ...i32.const(0xff), ...i32.and], i32.storeByte(0)),
        ...get(key),
        ...i32.const(8),
        ...i32.shrU,
        ...set(key),
        ...advance(1),
      ]),
      ...get(seenBlocks),
      ...i32.const(HIGHEST_BITS),
      ...v128.splatI32,
      ...v128.and,
      ...v128.anyTrue,
      ...get(seenLanes),
      ...i32.const(HIGHEST_BITS),
      ...i32.and,
      ...i32.or,
    ],
  })
}
