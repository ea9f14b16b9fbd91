/** SHA-1 (RFC 3174) of ASCII text. The opening handshake needs it as a checksum, not as security (RFC 6455 §10.8). */
export function sha1(ascii: string): Uint8Array {
  const words = padded(ascii)
  const schedule = new Int32Array(80)
  let [h0, h1, h2, h3, h4] = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0]
  for (let block = 0; block < words.length; block += 16) {
    let [a, b, c, d, e] = [h0, h1, h2, h3, h4]
    for (let t = 0; t < 80; t++) {
      const word =
        t < 16
          ? (words[block + t] as number)
          : rotate(
              (schedule[t - 3] as number) ^
                (schedule[t - 8] as number) ^
                (schedule[t - 14] as number) ^
                (schedule[t - 16] as number),
              1,
            )
      schedule[t] = word
      const [f, k] =
        t < 20
          ? [(b & c) | (~b & d), 0x5a827999]
          : t < 40
            ? [b ^ c ^ d, 0x6ed9eba1]
            : t < 60
              ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
              : [b ^ c ^ d, 0xca62c1d6]
      const next = (rotate(a, 5) + f + e + k + word) | 0
      e = d
      d = c
      c = rotate(b, 30)
      b = a
      a = next
    }
    h0 = (h0 + a) | 0
    h1 = (h1 + b) | 0
    h2 = (h2 + c) | 0
    h3 = (h3 + d) | 0
    h4 = (h4 + e) | 0
  }
  const digest = new Uint8Array(20)
  for (const [i, word] of [h0, h1, h2, h3, h4].entries()) {
    for (let byte = 0; byte < 4; byte++) digest[i * 4 + byte] = word >>> (24 - byte * 8)
  }
  return digest
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}

/** RFC 3174 §4: a one bit, zeros, and the length in bits in the last two words. */
function padded(ascii: string): Int32Array {
  const words = new Int32Array((((ascii.length + 8) >> 6) + 1) * 16)
  for (let i = 0; i < ascii.length; i++)
    words[i >> 2] = (words[i >> 2] as number) | (ascii.charCodeAt(i) << (24 - (i & 3) * 8))
  const end = ascii.length
  words[end >> 2] = (words[end >> 2] as number) | (0x80 << (24 - (end & 3) * 8))
  words[words.length - 1] = end * 8
  return words
}
