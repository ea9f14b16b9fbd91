const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

/** A masking-key that turns small letters into ASCII again, so that text which is unmasked twice stays text. */
export const KEY: Uint8Array = Uint8Array.of(1, 2, 3, 4)
/** The same as the number whose lowest byte comes first. */
export const KEY_NUMBER = 0x04030201

/** Small letters. */
export function asciiText(length: number): string {
  return Array.from({ length }, (_, i) => LETTERS[(i * 7) % LETTERS.length]).join('')
}

/** Bytes of every value. */
export function anyBytes(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 31) & 0xff))
}

/** Bytes as a name of a case has them. */
export function sizeName(bytes: number): string {
  if (bytes >= 1024 * 1024) return `${bytes / 1024 / 1024} MiB`
  return bytes >= 1024 ? `${bytes / 1024} KiB` : `${bytes} B`
}
