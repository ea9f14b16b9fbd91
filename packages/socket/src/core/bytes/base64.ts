const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Base64 with padding (RFC 4648 §4). */
export function encodeBase64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const word = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    text += ALPHABET.charAt(word >>> 18) + ALPHABET.charAt((word >>> 12) & 63)
    text += i + 1 < bytes.length ? ALPHABET.charAt((word >>> 6) & 63) : '='
    text += i + 2 < bytes.length ? ALPHABET.charAt(word & 63) : '='
  }
  return text
}
