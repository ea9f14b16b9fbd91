import { createWriteStream, openSync, type WriteStream } from 'node:fs'
import { parse } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import type { TerminalSize } from './terminal-size.ts'

/** What a recording says of itself. */
export interface CastHead {
  readonly size: TerminalSize
  readonly command: string
  readonly term: string
  /** When it began, in seconds since 1970. */
  readonly timestamp: number
}

/** The first line of an asciicast, version 2 (docs.asciinema.org/manual/asciicast/v2). */
export function castHead({ size, command, term, timestamp }: CastHead): string {
  const { columns: width, rows: height } = size
  return `${JSON.stringify({ version: 2, width, height, timestamp, command, env: { TERM: term } })}\n`
}

/** One of its events: `o` is output, `r` a new size. */
export function castEvent(seconds: number, code: 'o' | 'r', data: string): string {
  return `${JSON.stringify([Number(seconds.toFixed(6)), code, data])}\n`
}

/**
 * Writes what a terminal shows to an asciicast file, which only its owner may read. What is typed is not in it, except as
 * the program shows it. A file that is there is not touched: `session.cast` becomes `session.2.cast`.
 */
export class CastRecorder {
  readonly #file: WriteStream
  readonly #startedMs: number
  readonly #decoder = new StringDecoder('utf8')
  #isBackedUp = false
  #failed = false

  /**
   * `drained` is told when there is room again, `failed` when it cannot be written; nothing is recorded from then on. Throws
   * the system's error when the file cannot be made.
   */
  constructor(
    path: string,
    head: CastHead,
    told: { drained(): void; failed(why: string): void },
    nowMs: number = performance.now(),
  ) {
    this.#startedMs = nowMs
    this.#file = createWriteStream('', { fd: openNew(path), encoding: 'utf8' })
    this.#file.on('error', (error) => {
      this.#failed = true
      told.failed(error.message)
      told.drained()
    })
    this.#file.on('drain', () => {
      this.#isBackedUp = false
      told.drained()
    })
    this.#write(castHead(head))
  }

  /** Whether the disk is slower than the program. */
  get isBackedUp(): boolean {
    return this.#isBackedUp && !this.#failed
  }

  output(chunk: Uint8Array, nowMs: number = performance.now()): void {
    const text = this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))
    if (text !== '') this.#write(castEvent((nowMs - this.#startedMs) / 1000, 'o', text))
  }

  resize({ columns, rows }: TerminalSize, nowMs: number = performance.now()): void {
    this.#write(castEvent((nowMs - this.#startedMs) / 1000, 'r', `${columns}x${rows}`))
  }

  /** Resolves when all of it is written. */
  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#file.once('close', resolve))
    this.#file.end()
    return this.#failed ? Promise.resolve() : closed
  }

  #write(line: string): void {
    if (!this.#failed && !this.#file.write(line)) this.#isBackedUp = true
  }
}

/** More recordings of one name than anybody looks through. */
const MAX_NUMBER = 10_000

/** Opens the first name that is free, for its owner alone. */
function openNew(path: string): number {
  const { dir, name, ext } = parse(path)
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? path : `${dir === '' ? '' : `${dir}/`}${name}.${number}${ext}`
    try {
      return openSync(candidate, 'wx', 0o600)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || number === MAX_NUMBER) throw error
    }
  }
}
