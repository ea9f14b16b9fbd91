/**
 * As much of the WebAssembly binary format (https://webassembly.github.io/spec/core/binary/) as a module needs that has
 * one function and one memory. Instructions are arrays of bytes, written in the order in which they run.
 */
export type Code = readonly number[]

export const I32 = 0x7f
export const V128 = 0x7b

/** An unsigned number of variable length (LEB128). */
function unsigned(value: number): Code {
  const low = value & 0x7f
  return value > 0x7f ? [low | 0x80, ...unsigned(value >>> 7)] : [low]
}

/** A signed one. */
function signed(value: number): Code {
  const low = value & 0x7f
  const rest = value >> 7
  const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)
  return done ? [low] : [low | 0x80, ...signed(rest)]
}

const simd = (opcode: number): Code => [0xfd, ...unsigned(opcode)]
/** What follows a load or store: how the address is aligned (no promise is made), and an offset added to it. */
const memoryArgument = (offset: number): Code => [0, ...unsigned(offset)]

export const get = (local: number): Code => [0x20, ...unsigned(local)]
export const set = (local: number): Code => [0x21, ...unsigned(local)]
export const tee = (local: number): Code => [0x22, ...unsigned(local)]

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  load: (offset: number): Code => [0x28, ...memoryArgument(offset)],
  loadByte: (offset: number): Code => [0x2d, ...memoryArgument(offset)],
  store: (offset: number): Code => [0x36, ...memoryArgument(offset)],
  storeByte: (offset: number): Code => [0x3a, ...memoryArgument(offset)],
  geU: [0x4f] as Code,
  add: [0x6a] as Code,
  sub: [0x6b] as Code,
  and: [0x71] as Code,
  or: [0x72] as Code,
  xor: [0x73] as Code,
  shrU: [0x76] as Code,
}

export const v128 = {
  load: (offset: number): Code => [...simd(0x00), ...memoryArgument(offset)],
  store: (offset: number): Code => [...simd(0x0b), ...memoryArgument(offset)],
  splatI32: simd(0x11),
  and: simd(0x4e),
  or: simd(0x50),
  xor: simd(0x51),
  anyTrue: simd(0x53),
}

/** Runs `body` as long as `condition` leaves a number other than 0. */
export function whileTrue(condition: Code, body: Code): Code {
  const NO_RESULT = 0x40
  // loop { if (condition) { body; branch to the loop, which is one block further out } }
  return [0x03, NO_RESULT, ...condition, 0x04, NO_RESULT, ...body, 0x0c, 1, 0x0b, 0x0b]
}

/** The function that a module exports. */
export interface FunctionSource {
  readonly name: string
  readonly parameters: readonly number[]
  readonly result: number
  /** Types of what it has besides its parameters; their numbers follow those of the parameters. */
  readonly locals: readonly number[]
  readonly body: Code
}

/** A module with a memory of `memoryPages` × 64 KiB, exported as `memory`, that never grows. */
export function assembleModule(memoryPages: number, source: FunctionSource): Uint8Array {
  const code = [...vector(source.locals.map((type) => [1, type])), ...source.body, 0x0b]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d], // \0asm
    ...[0x01, 0x00, 0x00, 0x00], // version
    ...section(1, [[0x60, ...vector(source.parameters.map((type) => [type])), ...vector([[source.result]])]]),
    ...section(3, [[0]]),
    ...section(5, [[0x01, ...unsigned(memoryPages), ...unsigned(memoryPages)]]),
    ...section(7, [
      [...name('memory'), 0x02, 0],
      [...name(source.name), 0x00, 0],
    ]),
    ...section(10, [[...unsigned(code.length), ...code]]),
  ])
}

function vector(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()]
}

function section(id: number, items: readonly Code[]): Code {
  const content = vector(items)
  return [id, ...unsigned(content.length), ...content]
}

function name(text: string): Code {
  return vector([...new TextEncoder().encode(text)].map((byte) => [byte]))
}
