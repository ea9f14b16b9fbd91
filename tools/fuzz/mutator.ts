import type { Random } from './random.ts'

/** Where lengths, signs and codes change their meaning. */
const BYTES = [
  0, 1, 0x7d, 0x7e, 0x7f, 0x80, 0x81, 0x88, 0x89, 0x8a, 0xc0, 0xc1, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xff,
]
const DIGITS = '0123456789'

/** What a target's inputs are made of: its words, and how long they may get. */
export interface Material {
  readonly words: readonly Uint8Array[]
  readonly maxBytes: number
}

/** A child of `parent`, with one to eight small changes; `other` lends what is spliced in. */
export function mutate(random: Random, parent: Uint8Array, other: Uint8Array, material: Material): Uint8Array {
  let bytes = parent
  for (let i = 1 << random.below(4); i > 0; i--) bytes = change(random, bytes, other, material)
  return bytes === parent ? parent.slice() : bytes.subarray(0, material.maxBytes)
}

function change(random: Random, bytes: Uint8Array, other: Uint8Array, { words }: Material): Uint8Array {
  const at = random.below(bytes.length + 1)
  const size = 1 + random.below(random.below(4) === 0 ? 64 : 8)
  switch (random.below(12)) {
    case 0:
      return withByte(bytes, at, (byte) => byte ^ (1 << random.below(8)))
    case 1:
      return withByte(bytes, at, () => random.below(256))
    case 2:
      return withByte(bytes, at, () => random.pick(BYTES))
    case 3:
      return withByte(bytes, at, (byte) => byte + random.below(33) - 16)
    case 4:
      return splice(bytes, at, size, EMPTY)
    case 5:
      return splice(bytes, at, 0, bytes.subarray(at, at + size))
    case 6: {
      const from = random.below(other.length + 1)
      return splice(bytes, at, random.below(2) * size, other.subarray(from, from + size * 4))
    }
    case 7:
      return splice(bytes, at, other.length, other.subarray(at))
    case 8:
    case 9: {
      const word = words.length === 0 ? EMPTY : random.pick(words)
      return splice(bytes, at, random.below(2) * word.length, word)
    }
    case 10:
      return withByte(bytes, at, () => DIGITS.charCodeAt(random.below(10)))
    default:
      return splice(
        bytes,
        at,
        0,
        Uint8Array.from({ length: size }, () => random.below(256)),
      )
  }
}

const EMPTY = new Uint8Array(0)

function withByte(bytes: Uint8Array, at: number, become: (byte: number) => number): Uint8Array {
  if (at >= bytes.length) return bytes
  const copy = bytes.slice()
  copy[at] = become(copy[at] as number)
  return copy
}

function splice(bytes: Uint8Array, at: number, removed: number, inserted: Uint8Array): Uint8Array {
  const rest = bytes.subarray(Math.min(at + removed, bytes.length))
  const spliced = new Uint8Array(at + inserted.length + rest.length)
  spliced.set(bytes.subarray(0, at))
  spliced.set(inserted, at)
  spliced.set(rest, at + inserted.length)
  return spliced
}

/** The bytes by which inputs may hold a value that the code compares with. */
export function wordsOf(literals: readonly (string | number | Uint8Array)[]): Uint8Array[] {
  return literals.flatMap((literal) => {
    if (literal instanceof Uint8Array) return [literal]
    if (typeof literal === 'string') {
      // Longer ones, and those with spaces, are what errors say.
      return literal.length > 0 && literal.length <= 32 && !literal.includes('  ') ? [Buffer.from(literal)] : []
    }
    if (!Number.isSafeInteger(literal) || literal < 2) return []
    return [literal - 1, literal, literal + 1].flatMap((number) => [Buffer.from(String(number)), bigEndian(number)])
  })
}

function bigEndian(number: number): Uint8Array {
  const size = number < 0x100 ? 1 : number < 0x1_0000 ? 2 : number < 0x1_0000_0000 ? 4 : 8
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(number))
  return bytes.subarray(8 - size)
}
