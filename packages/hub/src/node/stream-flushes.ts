import type { StreamedResponse } from './streamed-response.ts'

/** Streams that were written to in this turn. One call of the loop has what was written leave, for all of them. */
export class StreamFlushes {
  #unflushed: StreamedResponse[] = []

  /** Has `flush` of a stream called when this turn is over. */
  put(stream: StreamedResponse): void {
    if (this.#unflushed.length === 0) setImmediate(() => this.#flush())
    this.#unflushed.push(stream)
  }

  #flush(): void {
    const streams = this.#unflushed
    this.#unflushed = []
    for (const stream of streams) stream.flush()
  }
}
