import { LineSplitter } from '../line-splitter.ts'
import { HttpWire } from './http-wire.ts'
import { pathOf, type ReaderOptions, ReaderRefused, WireReader, writePosition } from './wire-reader.ts'

/** A subscriber whose answer goes on as long as it stays. */
export abstract class StreamReader extends WireReader {
  readonly #wire: HttpWire
  readonly #lines = new LineSplitter()

  protected constructor(options: ReaderOptions, wire: HttpWire) {
    super(options)
    this.#wire = wire
  }

  get bytes(): { readonly received: number; readonly sent: number } {
    const { bytesRead, bytesWritten } = this.#wire.socket
    return { received: bytesRead, sent: bytesWritten }
  }

  stall(): void {
    this.#wire.stall()
  }

  goOn(): void {
    this.#wire.goOn()
  }

  cut(): void {
    this.#wire.reset()
  }

  /** One line, without its end. */
  protected abstract line(text: string): void

  /** Reads until the stream ends. */
  async follow(): Promise<void> {
    for (;;) {
      const event = await this.#wire.next()
      if (event.kind === 'closed') return this.finish({ how: event.how })
      if (event.kind === 'end') {
        this.finish({ how: 'FIN' })
        return this.#wire.reset()
      }
      if (event.kind !== 'body') continue
      for (const line of this.#lines.take(event.chunk)) this.line(line)
    }
  }
}

/** Asks for a stream. Rejects with `ReaderRefused` for any answer that is none. */
export async function openStream<Reader extends StreamReader>(
  port: number,
  options: ReaderOptions,
  mediaType: string,
  create: (wire: HttpWire) => Reader,
): Promise<Reader> {
  const wire = await HttpWire.connect(port)
  const { after, headers = {}, version = '1.1' } = options
  const path = pathOf(options, after === undefined ? {} : { after: writePosition(after) })
  wire.send({ path, version, headers: { Accept: mediaType, ...headers } })
  const head = await wire.head()
  if (head.status !== 200 || head.headers.get('content-type')?.startsWith(mediaType) !== true) {
    const body = await wire.rest()
    wire.reset()
    throw new ReaderRefused(head.status, head.headers, body.toString())
  }
  const reader = create(wire)
  reader.headers = head.headers
  void reader.follow()
  return reader
}
