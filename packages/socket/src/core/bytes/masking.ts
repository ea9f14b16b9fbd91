const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1
/** Below this many bytes single steps beat setting up 32-bit lanes. */
const LANES_FROM_BYTES = 24

// Frames of one chunk share its lanes: they are made once per chunk, not once per frame. The chunk is what is compared,
// because asking it for its ArrayBuffer costs as much as unmasking a hundred bytes.
let lanesOf: Uint8Array | undefined
let lanes: Int32Array = new Int32Array(0)

/** Reads the four bytes of a masking-key at `offset` into a number whose lowest byte comes first. */
export function readMaskingKey(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset] as number) |
    ((bytes[offset + 1] as number) << 8) |
    ((bytes[offset + 2] as number) << 16) |
    ((bytes[offset + 3] as number) << 24)
  )
}

/** Writes a masking-key as `readMaskingKey` reads it. */
export function writeMaskingKey(target: Uint8Array, offset: number, key: number): void {
  target[offset] = key
  target[offset + 1] = key >>> 8
  target[offset + 2] = key >>> 16
  target[offset + 3] = key >>> 24
}

/** The key as it applies after `byteCount` bytes of payload are done (RFC 6455 §5.3: i MOD 4). */
export function rotateMaskingKey(key: number, byteCount: number): number {
  const shift = (byteCount & 3) * 8
  return shift === 0 ? key : (key >>> shift) | (key << (32 - shift))
}

/** XORs `bytes[start, end)` in place; returns whether the result is all ASCII. See `BytePort.xor`. */
export function xorInPlace(bytes: Uint8Array, start: number, end: number, key: number): boolean {
  let position = start
  let seen = 0
  if (LITTLE_ENDIAN && end - start >= LANES_FROM_BYTES) {
    const base = bytes.byteOffset
    while (((base + position) & 3) !== 0) {
      const value = (bytes[position] as number) ^ (key & 0xff)
      bytes[position++] = value
      seen |= value
      key = (key >>> 8) | (key << 24)
    }
    if (bytes !== lanesOf) {
      lanesOf = bytes
      lanes = new Int32Array(bytes.buffer, 0, bytes.buffer.byteLength >>> 2)
    }
    const lastLane = (base + end) >>> 2
    let lane = (base + position) >>> 2
    position += (lastLane - lane) * 4
    // Four at a time: in long ranges the steps of the loop cost as much as what is done in them.
    for (; lane + 3 < lastLane; lane += 4) {
      const first = (lanes[lane] as number) ^ key
      const second = (lanes[lane + 1] as number) ^ key
      const third = (lanes[lane + 2] as number) ^ key
      const fourth = (lanes[lane + 3] as number) ^ key
      lanes[lane] = first
      lanes[lane + 1] = second
      lanes[lane + 2] = third
      lanes[lane + 3] = fourth
      seen |= first | second | third | fourth
    }
    for (; lane < lastLane; lane++) {
      const value = (lanes[lane] as number) ^ key
      lanes[lane] = value
      seen |= value
    }
    // Fold the four bytes of the lanes into the lowest one.
    seen |= (seen >>> 8) | (seen >>> 16) | (seen >>> 24)
  }
  for (; position < end; position++) {
    const value = (bytes[position] as number) ^ (key & 0xff)
    bytes[position] = value
    seen |= value
    key = (key >>> 8) | (key << 24)
  }
  return (seen & 0x80) === 0
}
