import type { ServerResponse } from 'node:http'
import { refuse } from '@wigwag/socket'
import type { History } from '../broker/broker.ts'
import type { Departure, Drainable } from '../drain/drainable.ts'
import type { Hub } from '../hub.ts'
import { refuseExpired } from './credentials-expired.ts'
import { Expirations } from './expirations.ts'
import { answerError } from './http-answer.ts'
import { OpenResponses } from './open-responses.ts'
import { answerBatch, answerData, answerNothing } from './poll-answer.ts'
import { PollBatch } from './poll-batch.ts'
import { answerBySeconds } from './poll-by-seconds.ts'
import { pollCodec } from './poll-codec.ts'
import type { PollRequest } from './poll-request.ts'
import { type PollWait, PollWaits, type WaitEnd } from './poll-waits.ts'

const CLOCK = { nowMs: () => Date.now(), elapsedMs: () => performance.now() } as const
const DEFAULTS = { closeTimeoutMs: 10_000 } as const

/** What a poll is bounded by. */
export interface PollOptions {
  readonly maxPollBytes: number
  /** How long an answer may stand still with what is queued, in milliseconds, before its connection is dropped. Default 10,000. */
  readonly closeTimeoutMs?: number
}

/** What polls counted. */
export interface PollStats {
  /** Long polls that wait for a publication. */
  readonly waiting: number
  /** Answers that were not read, and dropped with their connections. */
  readonly dropped: number
}

/** All polls of an endpoint: a `GET` that is answered with what there is, or waits until there is something. */
export class PollTransport implements Drainable {
  readonly #hub: Hub
  readonly #options: PollOptions
  readonly #waits: PollWaits
  readonly #responses = new OpenResponses()
  #dropped = 0
  #closed = false

  constructor(hub: Hub, options: PollOptions, expirations: Expirations = new Expirations()) {
    this.#hub = hub
    this.#options = options
    this.#waits = new PollWaits(hub, expirations)
  }

  /** What happens, and what happened so far. */
  get stats(): PollStats {
    return { waiting: this.#waits.size, dropped: this.#dropped }
  }

  /** Answers, as soon as there is something to answer with, or `expiresAt` has come. Rejects as `Hub.history` and `Hub.subscribe` do. */
  async answer(response: ServerResponse, channel: string, poll: PollRequest, expiresAt?: number): Promise<void> {
    // Not 304: whoever is told that nothing is new asks again at once.
    if (this.#closed) throw refuse(503, 'The server is shutting down. Ask again.', { 'retry-after': '1' })
    if (poll.since !== undefined) return this.#answerBySeconds(response, channel, poll, poll.since, expiresAt)
    const history = await this.#hub.history(channel, poll.after ?? 'latest')
    // Whoever says neither where it stands nor how long it waits wants the data itself, as from any other resource.
    if (poll.after === undefined && poll.waitMs === undefined) this.#answerLatest(response, history)
    else await this.#answerOrWait(response, channel, poll, history, expiresAt)
  }

  /** Takes no more. Each poll that waits is answered. */
  beginDrain(): Departure[] {
    this.#closed = true
    return this.#waits.endings()
  }

  /** Resolves when the answers have been written. */
  emptied(): Promise<void> {
    return this.close()
  }

  /** Drops those that are not read. */
  terminate(): void {
    this.#responses.destroy()
  }

  /** Answers every poll that waits; clients come back by themselves. Resolves when the answers have been written. */
  async close(): Promise<void> {
    this.#closed = true
    for (const end of this.#waits.endings()) end()
    await this.#responses.emptied()
  }

  #answerLatest(response: ServerResponse, { publications: [latest], position }: History): void {
    this.#write(response, () => {
      if (latest === undefined) answerNothing(response, position, false)
      else answerData(response, latest, position)
    })
  }

  async #answerOrWait(
    response: ServerResponse,
    channel: string,
    { after, waitMs = 0 }: PollRequest,
    history: History,
    expiresAt: number | undefined,
  ): Promise<void> {
    const batch = new PollBatch(this.#options.maxPollBytes)
    batch.gap = history.gap
    for (const publication of history.publications) {
      if (!batch.add(pollCodec.encode(publication), publication)) break
    }
    batch.standAt(history.position)
    if (batch.isEmpty && waitMs > 0) {
      const end = await this.#wait({ response, waitMs, expiresAt, listen: { channel, batch } })
      if (!this.#mayAnswer(end)) return
    }
    this.#write(response, () => {
      if (batch.isEmpty) answerNothing(response, batch.position, after !== undefined)
      else answerBatch(response, batch, batch.knownSecond(Date.now()))
    })
  }

  async #answerBySeconds(
    response: ServerResponse,
    channel: string,
    poll: PollRequest,
    since: number | 'latest',
    expiresAt: number | undefined,
  ): Promise<void> {
    const { waitMs = 0 } = poll
    const { maxPollBytes } = this.#options
    const found = await answerBySeconds({
      since,
      waitMs,
      maxPollBytes,
      clock: CLOCK,
      read: (from, range) => this.#hub.history(channel, from, range),
      wait: (ms, batch) =>
        this.#wait({ response, waitMs: ms, expiresAt, ...(batch && { listen: { channel, batch } }) }),
    })
    if (found === 'no-history') {
      // There is nothing that could have been missed, and nothing to ask on from.
      const history: History = { position: undefined, publications: [], gap: undefined }
      return this.#answerOrWait(response, channel, { ...poll, waitMs }, history, expiresAt)
    }
    if (!this.#mayAnswer(found.end)) return
    this.#write(response, () => {
      if (found.batch.isEmpty) answerNothing(response, found.batch.position, since !== 'latest', found.knownS)
      else answerBatch(response, found.batch, found.knownS)
    })
  }

  async #wait(what: PollWait): Promise<WaitEnd> {
    if (this.#closed) return 'ended'
    this.#responses.add(what.response)
    return this.#waits.wait(what)
  }

  /** Whether there is somebody to answer, and a right to it. */
  #mayAnswer(end: WaitEnd): boolean {
    if (end === 'expired') throw refuseExpired()
    if (end instanceof Error) throw end
    return end !== 'left'
  }

  #write(response: ServerResponse, answer: () => void): void {
    // It may have left while the broker was asked.
    if (response.destroyed) return
    this.#responses.add(response)
    // The connection would carry the next poll to a server that goes away.
    if (this.#closed) response.setHeader('connection', 'close')
    try {
      answer()
    } catch (error) {
      answerError(response, error)
    }
    // It keeps what is published in memory, for a client that need not read it.
    if (response.writableLength > 0) this.#dropIfNotRead(response)
  }

  #dropIfNotRead(response: ServerResponse): void {
    response.setTimeout(this.#options.closeTimeoutMs ?? DEFAULTS.closeTimeoutMs, () => {
      if (response.destroyed || response.writableFinished) return
      this.#dropped++
      response.destroy()
    })
  }
}
