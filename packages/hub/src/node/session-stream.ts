import type { Disconnect } from '@wigwag/protocol'
import { encodeDisconnect } from '../session/disconnect-packet.ts'
import type { EncodedPacket } from '../session/encoded-packet.ts'
import type { SessionTransport } from '../session/session-transport.ts'
import type { StreamedResponse } from './streamed-response.ts'

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

/** A session's packets in one response. */
export class SessionStream implements SessionTransport {
  readonly name: StreamForm['name']
  readonly upstream = 'posted'
  readonly #stream: StreamedResponse
  readonly #form: StreamForm

  constructor(stream: StreamedResponse, form: StreamForm) {
    this.name = form.name
    this.#stream = stream
    this.#form = form
  }

  get bufferedAmount(): number {
    return this.#stream.queuedBytes
  }

  send(packet: EncodedPacket | string): void {
    this.#stream.write(encodeFor(this.#form, packet))
  }

  close(disconnect: Disconnect): void {
    this.#stream.write(this.#form.encode(encodeDisconnect(disconnect)))
    this.#stream.end()
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
