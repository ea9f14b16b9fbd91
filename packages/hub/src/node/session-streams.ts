import type { ServerResponse } from 'node:http'
import type { Drainable } from '../drain/drainable.ts'
import type { Hub } from '../hub.ts'
import { ends } from '../session/disconnects.ts'
import type { Session } from '../session/session.ts'
import type { SessionRequest } from '../session/session-transport.ts'
import { OpenResponses } from './open-responses.ts'
import { SessionStream, type StreamForm, type StreamHost } from './session-stream.ts'

const DEFAULTS = { closeTimeoutMs: 10_000 } as const

/** All sessions of an endpoint that come over event streams and streams of lines. */
export class SessionStreams implements Drainable {
  readonly #hub: Hub
  readonly #responses = new OpenResponses()
  readonly #sessions = new Set<Session>()
  readonly #unflushed: SessionStream[] = []
  readonly #host: StreamHost

  constructor(hub: Hub, closeTimeoutMs: number = DEFAULTS.closeTimeoutMs) {
    this.#hub = hub
    this.#host = { closeTimeoutMs, flushSoon: (stream) => this.#flushSoon(stream) }
  }

  /** Those that are open (count). */
  get open(): number {
    return this.#sessions.size
  }

  /** Answers with a session's packets, of one that begins with what `text` says, until either side ends it. */
  serve(response: ServerResponse, form: StreamForm, request: SessionRequest, text: string): void {
    response.writeHead(200, {
      'content-type': form.contentType,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      // nginx would collect a response before it passes it on.
      'x-accel-buffering': 'no',
    })
    if (form.start === '') response.flushHeaders()
    else response.write(form.start)
    const session = this.#hub.sessions.open(new SessionStream(response, form, this.#host), request)
    this.#sessions.add(session)
    response.on('drain', () => session.drained())
    this.#responses.add(response, () => {
      this.#sessions.delete(session)
      session.closed()
    })
    session.receive(text)
  }

  /** The sessions are told by the hub. */
  beginDrain(): never[] {
    return []
  }

  /** Resolves when the sessions have ended, and what was queued has been written. */
  async emptied(): Promise<void> {
    await this.#hub.sessions.emptied()
    await this.#responses.emptied()
  }

  /** Drops those that do not read it. */
  terminate(): void {
    this.#responses.destroy()
  }

  /** Ends every session with 3001: their clients come back. */
  async close(): Promise<void> {
    for (const session of this.#sessions) session.disconnect(ends('shutdown'))
    await this.#responses.emptied()
  }

  #flushSoon(stream: SessionStream): void {
    if (this.#unflushed.length === 0) setImmediate(() => this.#flush())
    this.#unflushed.push(stream)
  }

  #flush(): void {
    for (const stream of this.#unflushed.splice(0)) stream.flush()
  }
}
