const RING_BYTES = 512 * 1024
const MAX_MESSAGES = 4096
const WORDS =
  'amber basalt cedar delta ember fjord garnet harbor indigo juniper kestrel lagoon meadow nectar onyx'.split(' ')

/**
 * JSON-like messages of one size, all different: the same names of properties, other values. Over and over, but what
 * repeats is 512 KiB behind, far outside of any window of DEFLATE (32 KiB).
 */
export class JsonRing {
  readonly period: number
  readonly #messageBytes: number
  /** All messages twice in a row, so that what comes before or after any of them lies in one piece. */
  readonly text: Buffer

  constructor(messageBytes: number) {
    this.#messageBytes = messageBytes
    this.period = Math.min(MAX_MESSAGES, Math.floor(RING_BYTES / messageBytes))
    const once = Buffer.concat(Array.from({ length: this.period }, (_, n) => buildMessage(n, messageBytes)))
    this.text = Buffer.concat([once, once])
  }

  /** Message `n`. */
  message(n: number): Buffer {
    const at = (n % this.period) * this.#messageBytes
    return this.text.subarray(at, at + this.#messageBytes)
  }

  /** The last `bytes` of everything before message `n`. */
  before(n: number, bytes: number): Buffer {
    const at = ((n % this.period) + this.period) * this.#messageBytes
    return this.text.subarray(at - bytes, at)
  }
}

function buildMessage(n: number, bytes: number): Buffer {
  const random = generatorOf(n)
  const word = (): string => WORDS[random() % WORDS.length] as string
  const record = (): string =>
    JSON.stringify({
      id: random(),
      type: ['created', 'updated', 'deleted'][random() % 3],
      user: `${word()}.${word()}${random() % 100}`,
      price: (random() % 100_000) / 100,
      quantity: random() % 1000,
      open: random() % 2 === 0,
      at: `2026-11-${10 + (random() % 20)}T${10 + (random() % 14)}:${10 + (random() % 50)}:${10 + (random() % 50)}.${100 + (random() % 900)}Z`,
    })
  let text = ''
  while (text.length < bytes) text += `${record()}\n`
  return Buffer.from(text.slice(0, bytes))
}

/** Numbers that look random and are the same in every run. */
function generatorOf(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e37_79b1)
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x6d2b_79f5) | 0
    return (state ^ (state >>> 13)) >>> 4
  }
}
