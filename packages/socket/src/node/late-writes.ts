/** Called when the kernel has taken what was written, or with why it never will. */
export type Written = (error?: Error | null) => void

/** What leaves in one write, and who is told of it. */
interface LateWrite {
  readonly buffer: Uint8Array
  bytes: number
  /** Whether `buffer` is ours, and may have more than `bytes` put into it. */
  readonly isOwn: boolean
  written: Written[] | undefined
}

/** What is allocated for small writes grows with what waits, between these. */
const MIN_SPARE_BYTES = 512
const MAX_SPARE_BYTES = 16 * 1024

/**
 * What waits behind a write that the kernel has not taken. Small writes are copied next to each other: to a slow reader
 * there may be many thousands, each of which would else be an object, a request and a system call of its own.
 */
export class LateWrites {
  readonly #writes: LateWrite[] = []
  #bytes = 0

  /** Takes `bytes`, which must not change any more, behind what is there. */
  add(bytes: Uint8Array, written: Written | undefined): void {
    const last = this.#writeFor(bytes)
    if (last.isOwn) {
      last.buffer.set(bytes, last.bytes)
      last.bytes += bytes.length
    }
    this.#bytes += bytes.length
    if (written === undefined) return
    last.written ??= []
    last.written.push(written)
  }

  /** The next write; none when nothing waits. */
  take(): { readonly bytes: Uint8Array; readonly written: Written | undefined } | undefined {
    const write = this.#writes.shift()
    if (write === undefined) return undefined
    this.#bytes -= write.bytes
    const { buffer, bytes, written } = write
    return { bytes: buffer.subarray(0, bytes), written: written === undefined ? undefined : tellAll(written) }
  }

  #writeFor(bytes: Uint8Array): LateWrite {
    const last = this.#writes.at(-1)
    if (last?.isOwn && last.buffer.length - last.bytes >= bytes.length) return last
    const capacity = Math.min(Math.max(2 * this.#bytes, MIN_SPARE_BYTES), MAX_SPARE_BYTES)
    const isOwn = 2 * bytes.length <= capacity
    const write: LateWrite = {
      buffer: isOwn ? Buffer.allocUnsafeSlow(capacity) : bytes,
      bytes: isOwn ? 0 : bytes.length,
      isOwn,
      written: undefined,
    }
    this.#writes.push(write)
    return write
  }
}

function tellAll(written: readonly Written[]): Written {
  return (error) => {
    for (const tell of written) tell(error)
  }
}
