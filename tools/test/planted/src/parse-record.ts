/** A parser with two faults behind conditions that no random input meets: one throws, one does not come back. */
export function parseRecord(bytes: Uint8Array): string {
  const [first, second, third] = bytes
  if (first !== 0x57) return 'no record'
  if (second !== 0x73) return 'of another version'
  const size = ((bytes[3] ?? 0) << 8) | (bytes[4] ?? 0)
  switch (third) {
    case 0x11:
      if (size === 0x1234) {
        if ((bytes[5] ?? 0) > 0xf0 && bytes[6] === bytes[5]) throw new RangeError('planted')
      }
      return 'text'
    case 0x22:
      for (let at = 5; at < bytes.length; at += bytes[at] ?? 1) if (at > 1000) return 'too long'
      return 'list'
    default:
      return 'unknown'
  }
}
