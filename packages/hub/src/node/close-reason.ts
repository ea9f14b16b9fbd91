/** Most bytes of a Close frame's reason (RFC 6455 §5.5: 125 less the code). */
const MAX_REASON_BYTES = 123

/** A reason that a Close frame can carry: as much of it as fits, in whole characters. */
export function cutReason(reason: string): string {
  const bytes = Buffer.from(reason)
  if (bytes.length <= MAX_REASON_BYTES) return bytes.toString()
  let end = MAX_REASON_BYTES
  // RFC 3629 §3: not between a character's first byte and those that continue it.
  while (((bytes[end] as number) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
