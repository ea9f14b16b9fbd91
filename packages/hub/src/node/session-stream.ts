import type { ServerResponse } from 'node:http'
import type { Disconnect } from '@wigwag/protocol'
import { encodeDisconnect } from '../session/disconnect-packet.ts'
import type { EncodedPacket } from '../session/encoded-packet.ts'
import type { SessionTransport } from '../session/session-transport.ts'

/** How packets are written to a response that goes on. */
export interface StreamForm {
  readonly name: 'http_stream' | 'sse'
  readonly contentType: string
  /** What comes before anything else. */
  readonly start: string
  /** One packet. */
  encode(packet: string): string
}

/** One packet a line. */
export const LINES: StreamForm = {
  name: 'http_stream',
  contentType: 'application/x-ndjson; charset=utf-8',
  // The head alone: some clients take an empty line for a packet.
  start: '',
  encode: (packet) => `${packet}\n`,
}

/** One packet an event. */
export const EVENTS: StreamForm = {
  name: 'sse',
  contentType: 'text/event-stream; charset=utf-8',
  start: ': open\n\n',
  encode: (packet) => `data: ${packet}\n\n`,
}

/** What streams share. */
export interface StreamHost {
  /** Has `flush` of a stream called when this turn is over. */
  flushSoon(stream: SessionStream): void
  /** How long a stream that has ended may stand still with what is queued, in milliseconds. */
  readonly closeTimeoutMs: number
}

/** A session's packets in one response: what a turn sends leaves in one write. */
export class SessionStream implements SessionTransport {
  readonly name: StreamForm['name']
  readonly upstream = 'posted'
  readonly #response: ServerResponse
  readonly #form: StreamForm
  readonly #host: StreamHost
  #isCorked = false

  constructor(response: ServerResponse, form: StreamForm, host: StreamHost) {
    this.name = form.name
    this.#response = response
    this.#form = form
    this.#host = host
  }

  get bufferedAmount(): number {
    return this.#response.writableLength
  }

  send(packet: EncodedPacket | string): void {
    this.#write(encodeFor(this.#form, packet))
  }

  close(disconnect: Disconnect): void {
    const response = this.#response
    this.#write(this.#form.encode(encodeDisconnect(disconnect)))
    this.flush()
    if (response.writableEnded || response.destroyed) return
    response.end()
    response.setTimeout(this.#host.closeTimeoutMs, () => response.destroy())
  }

  /** Writes what was sent. */
  flush(): void {
    if (!this.#isCorked) return
    this.#isCorked = false
    this.#response.uncork()
  }

  #write(bytes: string | Buffer): void {
    const response = this.#response
    // Writing behind the end would be an error that nobody listens for.
    if (response.writableEnded || response.destroyed) return
    if (!this.#isCorked) {
      this.#isCorked = true
      response.cork()
      this.#host.flushSoon(this)
    }
    response.write(bytes)
  }
}

/** A packet as it is sent. */
export function textOf(packet: EncodedPacket | string): string {
  const data = typeof packet === 'string' ? packet : packet.data
  return typeof data === 'string' ? data : Buffer.from(data).toString()
}

/** What was encoded last of each form: a publication goes to one session after the other. */
const latest = new Map<StreamForm, { readonly packet: EncodedPacket; readonly bytes: Buffer }>()

function encodeFor(form: StreamForm, packet: EncodedPacket | string): string | Buffer {
  if (typeof packet === 'string') return form.encode(packet)
  const known = latest.get(form)
  if (known?.packet === packet) return known.bytes
  const bytes = Buffer.from(form.encode(textOf(packet)))
  latest.set(form, { packet, bytes })
  return bytes
}
