import type { ServerResponse } from 'node:http'
import type { Drainable } from '../drain/drainable.ts'
import type { Hub } from '../hub.ts'
import { ends } from '../session/disconnects.ts'
import type { Session } from '../session/session.ts'
import type { SessionRequest } from '../session/session-transport.ts'
import { OpenResponses } from './open-responses.ts'
import { SessionStream, type StreamForm } from './session-stream.ts'
import { StreamFlushes } from './stream-flushes.ts'
import { StreamedResponse, type StreamedResponseOptions } from './streamed-response.ts'

/** All sessions of an endpoint that come over event streams and streams of lines. */
export class SessionStreams implements Drainable {
  readonly #hub: Hub
  readonly #responses = new OpenResponses()
  readonly #sessions = new Set<Session>()
  readonly #flushes = new StreamFlushes()
  readonly #options: StreamedResponseOptions

  constructor(hub: Hub, options: StreamedResponseOptions = {}) {
    this.#hub = hub
    this.#options = options
  }

  /** Those that are open (count). */
  get open(): number {
    return this.#sessions.size
  }

  /** Answers with a session's packets, of one that begins with what `text` says, until either side ends it. */
  serve(response: ServerResponse, form: StreamForm, request: SessionRequest, text: string): void {
    const stream = new StreamedResponse(response, this.#flushes, this.#options)
    stream.begin(form.contentType, form.start)
    const session = this.#hub.sessions.open(new SessionStream(stream, form), request)
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
}
