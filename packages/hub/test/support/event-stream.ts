import { LineSplitter } from '@wigwag/testkit/line-splitter'
/** An event as WHATWG's EventSource would dispatch it, or a comment. */
export interface StreamEvent {
  readonly type: string
  readonly data: string
  /** The last event id as of this event. */
  readonly id: string
}

/** Reads an event stream as the HTML standard says (§9.2.6 Interpreting an event stream). */
export class EventStreamReader {
  readonly events: StreamEvent[] = []
  readonly comments: string[] = []
  retryMs: number | undefined
  lastEventId = ''
  readonly #lines = new LineSplitter()
  #type = ''
  #data = ''

  /** Takes decoded text, of any boundary. */
  push(text: string): void {
    for (const line of this.#lines.take(text)) this.#line(line)
  }

  #line(line: string): void {
    if (line === '') {
      this.#dispatch()
      return
    }
    if (line.startsWith(':')) {
      this.comments.push(line.slice(1).trim())
      return
    }
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') this.#type = value
    else if (field === 'data') this.#data += `${value}\n`
    else if (field === 'id' && !value.includes('\0')) this.lastEventId = value
    else if (field === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value)
  }

  #dispatch(): void {
    const [type, data] = [this.#type, this.#data]
    this.#type = ''
    this.#data = ''
    if (data === '') return
    this.events.push({ type: type === '' ? 'message' : type, data: data.slice(0, -1), id: this.lastEventId })
  }
}
