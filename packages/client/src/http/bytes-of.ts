const encoder = new TextEncoder()

/** What a text takes as UTF-8, in bytes. */
export function bytesOf(text: string): number {
  return encoder.encode(text).length
}
