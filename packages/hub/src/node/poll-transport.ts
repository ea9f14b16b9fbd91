import type { ServerResponse } from 'node:http'
import { onRequestEnd, refuse } from '@wigwag/socket'
import type { History } from '../broker/broker.ts'
import type { Departure, Drainable } from '../drain/drainable.ts'
import type { Hub } from '../hub.ts'
import { answerError } from './http-answer.ts'
import { OpenResponses } from './open-responses.ts'
import { answerBatch, answerData, answerNothing } from './poll-answer.ts'
import { PollBatch } from './poll-batch.ts'
import { pollCodec } from './poll-codec.ts'
import type { PollRequest } from './poll-request.ts'
import { WaitingPoll } from './waiting-poll.ts'

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
  /** Each ends the wait of one long poll: it is answered with what has come. */
  readonly #waiting = new Set<() => void>()
  /** Those that have something to answer with, when this turn is over. */
  readonly #due = new Set<() => void>()
  readonly #responses = new OpenResponses()
  #dropped = 0
  #closed = false

  constructor(hub: Hub, options: PollOptions) {
    this.#hub = hub
    this.#options = options
  }

  /** What happens, and what happened so far. */
  get stats(): PollStats {
    return { waiting: this.#waiting.size, dropped: this.#dropped }
  }

  /** Answers, as soon as there is something to answer with. Rejects as `Hub.history` does. */
  async answer(response: ServerResponse, channel: string, poll: PollRequest): Promise<void> {
    // Not 304: whoever is told that nothing is new asks again at once.
    if (this.#closed) throw refuse(503, 'The server is shutting down. Ask again.', { 'retry-after': '1' })
    const history = await this.#hub.history(channel, poll.after ?? 'latest')
    let isOver = false
    this.#responses.add(response, () => {
      isOver = true
    })
    if (isOver) return
    // Whoever says neither where it stands nor how long it waits wants the data itself, as from any other resource.
    if (poll.after === undefined && poll.waitMs === undefined) this.#answerLatest(response, history)
    else this.#answerOrWait(response, channel, poll, history)
  }

  /** Takes no more. Each poll that waits is answered. */
  beginDrain(): Departure[] {
    this.#closed = true
    return [...this.#waiting].map((end) => () => {
      if (this.#waiting.has(end)) end()
    })
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
    for (const end of this.#waiting) end()
    await this.#responses.emptied()
  }

  #answerLatest(response: ServerResponse, { publications: [latest], position }: History): void {
    this.#write(response, () => {
      if (latest === undefined) answerNothing(response, position, false)
      else answerData(response, latest, position)
    })
  }

  #answerOrWait(response: ServerResponse, channel: string, poll: PollRequest, history: History): void {
    const batch = new PollBatch(this.#options.maxPollBytes)
    batch.gap = history.gap
    for (const publication of history.publications) {
      if (!batch.add(pollCodec.encode(publication), publication.position)) break
    }
    batch.standAt(history.position)
    const { waitMs = 0 } = poll
    if (batch.isEmpty && waitMs > 0 && !this.#closed) this.#wait(response, channel, poll, waitMs, batch)
    else this.#answer(response, poll, batch)
  }

  #wait(response: ServerResponse, channel: string, poll: PollRequest, waitMs: number, batch: PollBatch): void {
    const waiting = new WaitingPoll(batch, {
      due: () => this.#endSoon(end),
      failed: (error) => {
        leave()
        answerError(response, error)
      },
    })
    const subscription = this.#hub.subscribe(channel, waiting, batch.position)
    const leave = (): void => {
      clearTimeout(timer)
      this.#hub.unsubscribe(channel, subscription)
      this.#waiting.delete(end)
      this.#due.delete(end)
    }
    const end = (): void => {
      leave()
      this.#answer(response, poll, batch)
    }
    const timer = setTimeout(end, waitMs)
    this.#waiting.add(end)
    onRequestEnd(response.req, response, leave)
  }

  /** What is published in one turn goes with one answer. */
  #endSoon(end: () => void): void {
    if (this.#due.size === 0) setImmediate(() => this.#endDue())
    this.#due.add(end)
  }

  #endDue(): void {
    for (const end of [...this.#due]) end()
  }

  #answer(response: ServerResponse, { after }: PollRequest, batch: PollBatch): void {
    this.#write(response, () => {
      if (!batch.isEmpty) answerBatch(response, batch)
      else answerNothing(response, batch.position, after !== undefined)
    })
  }

  #write(response: ServerResponse, answer: () => void): void {
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
