import type { HttpWire } from './http-wire.ts'
import { openStream, StreamReader } from './stream-reader.ts'
import { type ReaderOptions, readPosition } from './wire-reader.ts'

/** A subscriber to an event stream, which it reads as the HTML standard says (§9.2.6). */
export class EventStreamReader extends StreamReader {
  /** The names of events that are none of the transport's own, in order. */
  readonly types: string[] = []
  #id = ''
  #type = ''
  #data: string[] = []

  private constructor(options: ReaderOptions, wire: HttpWire) {
    super(options, wire)
  }

  /** Comes in. Rejects with `ReaderRefused`. */
  static open(port: number, options: ReaderOptions): Promise<EventStreamReader> {
    return openStream(port, options, 'text/event-stream', (wire) => new EventStreamReader(options, wire))
  }

  protected line(text: string): void {
    if (text === '') this.#dispatch()
    else if (text.startsWith(':')) {
      // The same for people, beside an event.
      if (!text.startsWith(': live')) this.tell({ kind: 'keepalive' })
    } else {
      const colon = text.indexOf(':')
      const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '')
      this.#field(colon < 0 ? text : text.slice(0, colon), value)
    }
  }

  #field(name: string, value: string): void {
    if (name === 'id') this.#id = value
    else if (name === 'event') this.#type = value
    else if (name === 'data') this.#data.push(value)
    else if (name === 'retry') this.advise(Number(value))
  }

  #dispatch(): void {
    const [id, type, data] = [this.#id, this.#type, this.#data.join('\n')]
    const position = id === '' ? undefined : readPosition(id)
    const hasData = this.#data.length > 0
    this.#type = ''
    this.#data = []
    if (!hasData) return
    if (type === 'live') this.tell({ kind: 'standing', position })
    else if (type === 'gap') this.tell({ kind: 'gap', reason: (JSON.parse(data) as { reason: string }).reason })
    else if (type === 'failure') this.finish({ how: 'close' })
    else if (type === 'bytes') {
      this.tell({ kind: 'publication', data: new Uint8Array(Buffer.from(data, 'base64')), position })
    } else {
      if (type !== '') this.types.push(type)
      this.tell({ kind: 'publication', data, position })
    }
  }
}
