import type { Readable } from 'node:stream'
import type { SendStatus } from '@wigwag/socket'
import { LineSplitter } from './line-splitter.ts'

/** Where a program's output goes. */
export interface OutputSink {
  /** One line, or in binary one chunk. What it returns says whether there is room for more; `drained` goes on. */
  send(data: string | Uint8Array): SendStatus
  /** A line is longer than `maxLineBytes`. Nothing follows. */
  lineTooLong(): void
  /** All of it has been sent. */
  ended(): void
}

/** How output is cut into messages. */
export interface OutputFormat {
  readonly format: 'lines' | 'binary'
  readonly maxLineBytes: number
}

/**
 * One stream of a program's output on its way to a reader. When the reader is backed up the stream is paused, and the
 * program waits as soon as its pipe is full: memory stays flat, however slow the one and fast the other.
 */
export class ProgramOutput {
  readonly #stream: Readable
  readonly #sink: OutputSink
  readonly #lines: LineSplitter | undefined
  #state: 'flowing' | 'held' | 'told' = 'flowing'
  #hasEnded = false

  constructor(stream: Readable, { format, maxLineBytes }: OutputFormat, sink: OutputSink) {
    this.#stream = stream
    this.#sink = sink
    this.#lines = format === 'lines' ? new LineSplitter(maxLineBytes) : undefined
    stream.on('data', (chunk: Buffer) => this.#take(chunk))
    // It ends once; a stream that was destroyed only closes.
    stream.once('close', () => this.#end())
    stream.once('end', () => this.#end())
  }

  /** There is room again. */
  drained(): void {
    if (this.#state !== 'held') return
    this.#state = 'flowing'
    this.#sendLines()
    if (this.#isFlowing) this.#stream.resume()
    this.#finish()
  }

  /** What still comes is read and dropped: nobody is left to have it. */
  discard(): void {
    this.#state = 'told'
    this.#stream.resume()
  }

  /** A send may change the state. */
  get #isFlowing(): boolean {
    return this.#state === 'flowing'
  }

  get #isTold(): boolean {
    return this.#state === 'told'
  }

  #take(chunk: Uint8Array): void {
    if (this.#state === 'told') return
    if (this.#lines === undefined) this.#send(chunk)
    else {
      const fits = this.#lines.push(chunk)
      this.#sendLines()
      if (!fits && !this.#isTold) this.#tooLong()
    }
    if (!this.#isFlowing && !this.#isTold) this.#stream.pause()
  }

  #sendLines(): void {
    const lines = this.#lines
    if (lines === undefined) return
    while (this.#isFlowing) {
      const next = lines.next()
      if (next === undefined) return
      if ('tooLong' in next) this.#tooLong()
      else this.#send(next.line)
    }
  }

  #send(data: string | Uint8Array): void {
    const status = this.#sink.send(data)
    if (status === 'queued' && this.#state === 'flowing') this.#state = 'held'
  }

  #tooLong(): void {
    this.discard()
    this.#sink.lineTooLong()
  }

  #end(): void {
    this.#hasEnded = true
    this.#finish()
  }

  #finish(): void {
    if (!this.#hasEnded || !this.#isFlowing) return
    const last = this.#lines?.end()
    if (last !== undefined) {
      if ('tooLong' in last) this.#tooLong()
      else this.#send(last.line)
    }
    if (this.#isTold) return
    this.#state = 'told'
    this.#sink.ended()
  }
}
