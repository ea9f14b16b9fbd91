import { surfaceError } from './surface-error.ts'

/** Something to send, with what it takes. */
interface Waiting {
  readonly bytes: number
  readonly send: () => void
}

/** Keeps the order of what is sent while the bytes of a `Blob` are being read: everything behind it waits. */
export class SendQueue {
  #reading = false
  #waiting: Waiting[] = []
  #bytes = 0

  /** Whether what is sent now has to wait. */
  get busy(): boolean {
    return this.#reading
  }

  /** Bytes that wait here. */
  get bytes(): number {
    return this.#bytes
  }

  /** Sends behind everything that waits. */
  add(bytes: number, send: () => void): void {
    this.#bytes += bytes
    this.#waiting.push({ bytes, send })
    this.#run()
  }

  /** Reads a blob when it is its turn, and sends what it holds. */
  addBlob(blob: Blob, send: (bytes: Uint8Array) => void, failed: (error: Error) => void): void {
    this.add(0, () => {
      this.#reading = true
      this.#bytes += blob.size
      const done = (act: () => void): void => {
        this.#reading = false
        this.#bytes -= blob.size
        try {
          act()
        } catch (error) {
          surfaceError(error)
        }
        this.#run()
      }
      blob.arrayBuffer().then(
        (buffer) => done(() => send(new Uint8Array(buffer))),
        (error: Error) => done(() => failed(error)),
      )
    })
  }

  #run(): void {
    while (!this.#reading) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#bytes -= next.bytes
      next.send()
    }
  }
}
