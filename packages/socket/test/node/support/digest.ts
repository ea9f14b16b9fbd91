import { createHash } from 'node:crypto'

/** What a message is, short enough to compare and to print: its type, its size and a hash of its bytes. */
export function digest(data: string | Uint8Array): string {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  const hash = createHash('sha1').update(bytes).digest('base64url').slice(0, 12)
  return `${typeof data === 'string' ? 'text' : 'binary'} ${bytes.length} ${hash}`
}

/** Bytes that differ from one `seed` to the next, at every place. */
export function patternBytes(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size)
  let state = Math.imul(seed + 1, 0x9e37_79b1)
  for (let i = 0; i < size; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x6d2b_79f5
    bytes[i] = state >>> 24
  }
  return bytes
}

/** Text that differs from one `seed` to the next, with as many characters as asked for. */
export function patternText(size: number, seed: number): string {
  return `${seed}:`.repeat(Math.ceil(size / 2)).slice(0, size)
}
