/** Most packets of one message (count): hubs take 256. */
const MAX_BATCH = 128
/** Longest message that several packets make, in UTF-16 code units. */
const MAX_BATCH_LENGTH = 65_536

/** Packets on their way out: those of one turn leave as one message. */
export class Outgoing {
  readonly #send: (text: string) => void
  #lines: string[] = []

  constructor(send: (text: string) => void) {
    this.#send = send
  }

  /** Adds a packet. It leaves at the end of this turn, if the transport is still there then. */
  push(line: string): void {
    if (this.#lines.length === 0) queueMicrotask(() => this.flush())
    this.#lines.push(line)
  }

  /** Sends what there is. */
  flush(): void {
    for (const batch of batchesOf(this.take())) this.#send(batch)
  }

  /** Hands over what there is. */
  take(): string[] {
    const lines = this.#lines
    this.#lines = []
    return lines
  }
}

/** Messages that carry packets, in their order: as few as can be. */
export function batchesOf(lines: readonly string[]): string[] {
  const batches: string[] = []
  let batch = ''
  let count = 0
  for (const line of lines) {
    if (count > 0 && (count === MAX_BATCH || batch.length + line.length >= MAX_BATCH_LENGTH)) {
      batches.push(batch)
      count = 0
    }
    batch = count++ === 0 ? line : `${batch}\n${line}`
  }
  if (count > 0) batches.push(batch)
  return batches
}
