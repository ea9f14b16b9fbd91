/** What a message decompresses to, and how far back its matches reach at most. */
export interface ReferenceInflated {
  readonly bytes: Uint8Array
  readonly longestDistance: number
}

/**
 * DEFLATE straight from RFC 1951, for payloads of permessage-deflate (RFC 7692 §7.2.2), to judge by what zlib does not tell:
 * how far matches reach, and whether the message ends where a block does. A final block ends nothing: what follows begins
 * at the next byte. Slow, and shares nothing with the code under test. Returns nothing for a malformed payload.
 */
export function referenceInflate(
  payload: Uint8Array,
  history: Uint8Array = new Uint8Array(0),
): ReferenceInflated | undefined {
  const reader = new BitReader(Uint8Array.of(...payload, 0x00, 0x00, 0xff, 0xff))
  const output = [...history]
  let longestDistance = 0
  const copy = (length: number, distance: number): void => {
    if (distance > output.length) throw new MalformedError()
    longestDistance = Math.max(longestDistance, distance)
    for (let i = 0; i < length; i++) output.push(output[output.length - distance] as number)
  }
  try {
    while (!reader.atEnd) {
      const final = reader.bits(1) === 1
      const type = reader.bits(2)
      if (type === 0) output.push(...readStored(reader))
      else if (type === 1) readBlock(reader, FIXED, output, copy)
      else if (type === 2) readBlock(reader, readCodes(reader), output, copy)
      else throw new MalformedError()
      if (final) {
        reader.align()
        // Some senders do not add the empty block whose last four bytes they take away.
        if (reader.remainingBytes === 4) break
      }
    }
  } catch (error) {
    if (error instanceof MalformedError) return undefined
    throw error
  }
  return { bytes: Uint8Array.from(output.slice(history.length)), longestDistance }
}

class MalformedError extends Error {}

class BitReader {
  readonly #input: Uint8Array
  #bit = 0

  constructor(input: Uint8Array) {
    this.#input = input
  }

  get atEnd(): boolean {
    return this.#bit === this.#input.length * 8
  }

  get remainingBytes(): number {
    return this.#input.length - Math.ceil(this.#bit / 8)
  }

  bits(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++, this.#bit++) {
      if (this.atEnd) throw new MalformedError()
      value |= (((this.#input[this.#bit >> 3] as number) >> (this.#bit & 7)) & 1) << i
    }
    return value
  }

  align(): void {
    this.#bit = Math.ceil(this.#bit / 8) * 8
  }
}

/** RFC 1951 §3.2.4. */
function readStored(reader: BitReader): number[] {
  reader.align()
  const length = reader.bits(16)
  if (reader.bits(16) !== (~length & 0xffff)) throw new MalformedError()
  return Array.from({ length }, () => reader.bits(8))
}

interface Codes {
  readonly literals: ReadonlyMap<string, number>
  readonly distances: ReadonlyMap<string, number>
}

/** RFC 1951 §3.2.2: codes as strings of bits, by the lengths of all symbols. */
function codesOf(lengths: readonly number[]): Map<string, number> {
  const codes = new Map<string, number>()
  let code = 0
  for (let bits = 1; bits <= 15; bits++) {
    code <<= 1
    for (const [symbol, length] of lengths.entries()) {
      if (length === bits) codes.set((code++).toString(2).padStart(bits, '0'), symbol)
    }
    if (code > 2 ** bits) throw new MalformedError()
  }
  return codes
}

function readSymbol(reader: BitReader, codes: ReadonlyMap<string, number>): number {
  for (let code = ''; code.length <= 15; ) {
    code += reader.bits(1)
    const symbol = codes.get(code)
    if (symbol !== undefined) return symbol
  }
  throw new MalformedError()
}

/** §3.2.6 */
const FIXED: Codes = {
  literals: codesOf(Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))),
  distances: codesOf(new Array<number>(30).fill(5)),
}

const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

/** §3.2.7 */
function readCodes(reader: BitReader): Codes {
  const literalCount = reader.bits(5) + 257
  const distanceCount = reader.bits(5) + 1
  const orderCount = reader.bits(4) + 4
  if (literalCount > 286 || distanceCount > 30) throw new MalformedError()
  const orderLengths = new Array<number>(19).fill(0)
  for (const symbol of CODE_LENGTH_ORDER.slice(0, orderCount)) orderLengths[symbol] = reader.bits(3)
  const order = codesOf(orderLengths)
  const lengths: number[] = []
  while (lengths.length < literalCount + distanceCount) {
    const symbol = readSymbol(reader, order)
    if (symbol < 16) lengths.push(symbol)
    else if (symbol === 16) {
      if (lengths.length === 0) throw new MalformedError()
      lengths.push(...new Array<number>(3 + reader.bits(2)).fill(lengths.at(-1) as number))
    } else lengths.push(...new Array<number>(symbol === 17 ? 3 + reader.bits(3) : 11 + reader.bits(7)).fill(0))
  }
  if (lengths.length > literalCount + distanceCount) throw new MalformedError()
  return { literals: codesOf(lengths.slice(0, literalCount)), distances: codesOf(lengths.slice(literalCount)) }
}

const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
]
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12_289, 16_385, 24_577,
]

/** §3.2.5 */
function readBlock(
  reader: BitReader,
  { literals, distances }: Codes,
  output: number[],
  copy: (length: number, distance: number) => void,
): void {
  for (;;) {
    const symbol = readSymbol(reader, literals)
    if (symbol === 256) return
    if (symbol < 256) {
      output.push(symbol)
      continue
    }
    const lengthBase = LENGTH_BASE[symbol - 257]
    if (lengthBase === undefined) throw new MalformedError()
    const length = lengthBase + reader.bits(LENGTH_BITS[symbol - 257] as number)
    const distanceSymbol = readSymbol(reader, distances)
    const distanceBase = DISTANCE_BASE[distanceSymbol] as number
    copy(length, distanceBase + reader.bits(distanceSymbol < 4 ? 0 : (distanceSymbol >> 1) - 1))
  }
}
