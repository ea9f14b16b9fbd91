/** Most packets of one message (count): hubs take 256. */
const MAX_BATCH = 128
/** Longest message that several packets make, in UTF-16 code units. */
const MAX_BATCH_LENGTH = 65_536

/** Packets on their way out: those of one turn leave as one message. */
export interface Outgoing {
  /** Adds a packet. It leaves at the end of this turn, if nobody has taken it by then. */
  push(line: string): void
  /** Hands over what there is, as messages. */
  take(): string[]
}

/** `send` sends a message. */
export function createOutgoing(send: (text: string) => void): Outgoing {
  let lines: string[] = []
  const take = (): string[] => {
    const taken = lines
    lines = []
    return batchesOf(taken)
  }
  return {
    push(line) {
      if (lines.length === 0) queueMicrotask(() => take().forEach(send))
      lines.push(line)
    },
    take,
  }
}

/** Messages that carry packets, in their order: as few as can be. */
export function batchesOf(lines: readonly string[]): string[] {
  const batches: string[][] = []
  let length = 0
  for (const line of lines) {
    const batch = batches.at(-1)
    length += line.length + 1
    if (batch !== undefined && batch.length < MAX_BATCH && length <= MAX_BATCH_LENGTH + 1) batch.push(line)
    else {
      batches.push([line])
      length = line.length + 1
    }
  }
  return batches.map((batch) => batch.join('\n'))
}
