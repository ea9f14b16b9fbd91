/** RFC 3174 §6.1: the constant and the function of each quarter of the 80 steps. */
const CONSTANTS = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6] as const

function mix(quarter: number, b: number, c: number, d: number): number {
  if (quarter === 0) return (b & c) | (~b & d)
  return quarter === 2 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d
}

/** SHA-1 (RFC 3174) of ASCII text. The opening handshake needs it as a checksum, not as security (RFC 6455 §10.8). */
export function sha1(ascii: string): Uint8Array {
  const words = padded(ascii)
  const hash = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0)
  const schedule = new Int32Array(80)
  for (let block = 0; block < words.length; block += 16) addBlock(hash, words, block, schedule)
  const digest = new Uint8Array(20)
  for (let i = 0; i < 20; i++) digest[i] = (hash[i >> 2] as number) >>> (24 - (i & 3) * 8)
  return digest
}

function addBlock(hash: Int32Array, words: Int32Array, block: number, schedule: Int32Array): void {
  let a = hash[0] as number
  let b = hash[1] as number
  let c = hash[2] as number
  let d = hash[3] as number
  let e = hash[4] as number
  for (let t = 0; t < 80; t++) {
    const word = t < 16 ? (words[block + t] as number) : expand(schedule, t)
    schedule[t] = word
    const quarter = (t / 20) | 0
    const next = (rotate(a, 5) + mix(quarter, b, c, d) + e + (CONSTANTS[quarter] as number) + word) | 0
    e = d
    d = c
    c = rotate(b, 30)
    b = a
    a = next
  }
  hash[0] = (hash[0] as number) + a
  hash[1] = (hash[1] as number) + b
  hash[2] = (hash[2] as number) + c
  hash[3] = (hash[3] as number) + d
  hash[4] = (hash[4] as number) + e
}

function expand(schedule: Int32Array, t: number): number {
  const word =
    (schedule[t - 3] as number) ^
    (schedule[t - 8] as number) ^
    (schedule[t - 14] as number) ^
    (schedule[t - 16] as number)
  return rotate(word, 1)
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}

/** RFC 3174 §4: a one bit, zeros, and the length in bits in the last two words. */
function padded(ascii: string): Int32Array {
  const words = new Int32Array((((ascii.length + 8) >> 6) + 1) * 16)
  for (let i = 0; i <= ascii.length; i++) {
    const byte = i < ascii.length ? ascii.charCodeAt(i) : 0x80
    words[i >> 2] = (words[i >> 2] as number) | (byte << (24 - (i & 3) * 8))
  }
  words[words.length - 1] = ascii.length * 8
  return words
}
