import type { ServerResponse } from 'node:http'
import { type Admission, onRequestEnd } from '@wigwag/socket'
import type { PollRequest } from '../cluster/cluster-question.ts'
import type { Departure, Drainable } from '../drain/drainable.ts'
import type { Hub } from '../hub.ts'
import { DueQueue } from '../presence/due-queue.ts'
import { ends } from '../session/disconnects.ts'
import { type LongPollHost, LongPollTransport } from '../session/long-poll-transport.ts'
import type { Session } from '../session/session.ts'
import type { SessionRequest } from '../session/session-transport.ts'
import { encodeAnswer } from '../session/unacknowledged-packets.ts'
import { OpenResponses } from './open-responses.ts'
import { textOf } from './session-stream.ts'

/** How often it is looked whose time has come. */
const TICK_MS = 1000
/**
 * How long polls of sessions elsewhere wait at most while the hub drains, in milliseconds: clients that are answered with
 * nothing ask again at once, and a proxy may send them here as long as this listens.
 */
const LEAVING_WAIT_MS = 500
const DEFAULTS = { closeTimeoutMs: 10_000 } as const

interface PolledSession {
  readonly session: Session
  /** It is no connection of its client any more. */
  readonly release: () => void
}

/** All sessions of an endpoint that are polled, and all polls: those of sessions elsewhere, too. */
export class SessionPolls implements Drainable {
  readonly #hub: Hub
  readonly #admission: Admission
  readonly #closeTimeoutMs: number
  readonly #responses = new OpenResponses()
  readonly #sessions = new Map<LongPollTransport, PolledSession>()
  /** Each answers a poll of a session elsewhere with nothing: its client asks somebody else. */
  readonly #elsewhere = new Set<() => void>()
  #phase: 'open' | 'leaving' | 'over' = 'open'
  readonly #due = new DueQueue<LongPollTransport>()
  readonly #unflushed = new Set<LongPollTransport>()
  /** Who waits for the last client to be told that its session has ended. */
  readonly #awaiting = new Set<() => void>()
  readonly #host: LongPollHost
  #timer: NodeJS.Timeout | undefined

  /** `gapMs`: for how long a client need not ask. */
  constructor(hub: Hub, admission: Admission, gapMs: number, closeTimeoutMs: number = DEFAULTS.closeTimeoutMs) {
    this.#hub = hub
    this.#admission = admission
    this.#closeTimeoutMs = closeTimeoutMs
    this.#host = {
      elapsedMs: () => performance.now(),
      gapMs,
      textOf,
      flushSoon: (transport) => this.#flushSoon(transport),
      wake: (transport) => this.#wake(transport),
      over: (transport) => this.#forget(transport),
    }
  }

  /** Sessions that are open, or whose clients were not told yet that they have ended (count). */
  get open(): number {
    return this.#sessions.size
  }

  /**
   * Opens a session that begins with what `text` says, and answers with its first packets. Throws the refusal where its
   * client has too many connections: a session that is polled is one as long as it lasts.
   */
  begin(response: ServerResponse, request: SessionRequest, text: string, waitMs: number): void {
    const release = this.#admission.admitLasting(response.req)
    if (typeof release !== 'function') throw release
    const transport = new LongPollTransport(this.#host)
    const session = this.#hub.sessions.open(transport, request)
    transport.carry(session)
    this.#sessions.set(transport, { session, release })
    this.#responses.add(response)
    const left = transport.poll({ last: 0, waitMs }, (answer) => this.#answer(response, answer))
    if (left !== undefined) onRequestEnd(response.req, response, left)
    session.receive(text)
  }

  /** Answers with what a session, here or elsewhere, has for its client. Rejects as `SessionRelay.poll` does. */
  async answer(response: ServerResponse, node: string, session: string, poll: PollRequest): Promise<void> {
    this.#responses.add(response)
    const answer = node === this.#hub.sessions.hub ? this.#askHere : this.#askElsewhere
    const text = await answer.call(this, response, node, session, poll)
    if (!response.destroyed) this.#answer(response, text)
  }

  /** Sessions are told by the hub. Polls of those elsewhere are answered with nothing; those that still come wait less. */
  beginDrain(): Departure[] {
    if (this.#phase === 'open') this.#phase = 'leaving'
    return [...this.#elsewhere].map((end) => () => end())
  }

  /** Resolves when the sessions have ended, and their clients were told so. */
  async emptied(): Promise<void> {
    await this.#hub.sessions.emptied()
    if (this.#sessions.size > 0) {
      await new Promise<void>((resolve) => {
        this.#awaiting.add(resolve)
      })
    }
    this.#endElsewhere()
    await this.#responses.emptied()
  }

  /** Drops answers that are not read. */
  terminate(): void {
    this.#responses.destroy()
  }

  /** Ends every session with 3001: their clients come back. Who does not ask just now learns it elsewhere. */
  async close(): Promise<void> {
    this.#endElsewhere()
    for (const { session } of this.#sessions.values()) session.disconnect(ends('shutdown'))
    this.#flush()
    await this.#responses.emptied()
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #askHere(response: ServerResponse, node: string, session: string, poll: PollRequest): Promise<string> {
    return this.#hub.relay.poll(node, session, poll, (left) => onRequestEnd(response.req, response, left))
  }

  async #askElsewhere(response: ServerResponse, node: string, session: string, poll: PollRequest): Promise<string> {
    if (this.#phase === 'over') return encodeAnswer(poll.last)
    const waitMs = this.#phase === 'leaving' ? Math.min(poll.waitMs, LEAVING_WAIT_MS) : poll.waitMs
    let end = (): void => {}
    const ended = new Promise<string>((resolve) => {
      end = () => resolve(encodeAnswer(poll.last))
    })
    this.#elsewhere.add(end)
    onRequestEnd(response.req, response, end)
    try {
      return await Promise.race([this.#hub.relay.poll(node, session, { ...poll, waitMs }, () => {}), ended])
    } finally {
      this.#elsewhere.delete(end)
    }
  }

  /** Answers them with nothing, and those that are still to come. */
  #endElsewhere(): void {
    this.#phase = 'over'
    for (const end of this.#elsewhere) end()
  }

  #answer(response: ServerResponse, text: string): void {
    const body = Buffer.from(text)
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': body.length,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    response.end(body)
    if (response.writableLength > 0) response.setTimeout(this.#closeTimeoutMs, () => response.destroy())
  }

  #flushSoon(transport: LongPollTransport): void {
    if (this.#unflushed.size === 0) setImmediate(() => this.#flush())
    this.#unflushed.add(transport)
  }

  #flush(): void {
    const unflushed = [...this.#unflushed]
    this.#unflushed.clear()
    for (const transport of unflushed) transport.flush()
  }

  /** One timer for all. */
  #wake(transport: LongPollTransport): void {
    this.#due.put(transport, transport.deadlineMs)
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref()
  }

  #tick(): void {
    const nowMs = performance.now()
    for (const transport of this.#due.take(nowMs)) transport.tick(nowMs)
  }

  #forget(transport: LongPollTransport): void {
    this.#due.delete(transport)
    this.#sessions.get(transport)?.release()
    this.#sessions.delete(transport)
    if (this.#sessions.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    for (const emptied of this.#awaiting) emptied()
  }
}
