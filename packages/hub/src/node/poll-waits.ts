import type { ServerResponse } from 'node:http'
import { onRequestEnd } from '@wigwag/socket'
import type { HubError } from '../error/hub-error.ts'
import type { Hub } from '../hub.ts'
import type { Expirations } from './expirations.ts'
import type { PollBatch } from './poll-batch.ts'
import { WaitingPoll } from './waiting-poll.ts'

/** Why a wait is over: there is something, the time is up, the server ends it, the credentials expired, the client left, or it failed. */
export type WaitEnd = 'due' | 'time' | 'ended' | 'expired' | 'left' | HubError

/** What a poll waits for, and for how long. */
export interface PollWait {
  readonly response: ServerResponse
  readonly waitMs: number
  /** When its credentials expire, in milliseconds since 1970; absent: never. */
  readonly expiresAt: number | undefined
  /** A channel whose next publications go into a batch, from where that stands; absent: it is only the time. */
  readonly listen?: { readonly channel: string; readonly batch: PollBatch }
}

/** All polls of an endpoint that wait. */
export class PollWaits {
  readonly #hub: Hub
  readonly #expirations: Expirations
  readonly #waiting = new Set<(why: WaitEnd) => void>()
  /** Those that have something to answer with, when this turn is over. */
  readonly #due = new Set<(why: WaitEnd) => void>()

  constructor(hub: Hub, expirations: Expirations) {
    this.#hub = hub
    this.#expirations = expirations
  }

  /** How many there are. */
  get size(): number {
    return this.#waiting.size
  }

  /** For each that waits now, what ends its wait if it still does. */
  endings(): (() => void)[] {
    return [...this.#waiting].map((end) => () => {
      if (this.#waiting.has(end)) end('ended')
    })
  }

  /** Waits. Throws as `Hub.subscribe` does. */
  wait({ response, waitMs, expiresAt, listen }: PollWait): Promise<WaitEnd> {
    return new Promise((resolve) => {
      const end = (why: WaitEnd): void => {
        if (!this.#waiting.delete(end)) return
        this.#due.delete(end)
        clearTimeout(timer)
        forget()
        unsubscribe()
        resolve(why)
      }
      const unsubscribe = listen === undefined ? () => {} : this.#subscribe(listen.channel, listen.batch, end)
      const timer = setTimeout(() => end('time'), waitMs)
      const forget = this.#expirations.put(expiresAt, () => end('expired'))
      this.#waiting.add(end)
      onRequestEnd(response.req, response, () => end('left'))
    })
  }

  #subscribe(channel: string, batch: PollBatch, end: (why: WaitEnd) => void): () => void {
    const waiting = new WaitingPoll(batch, { due: () => this.#endSoon(end), failed: (error) => end(error) })
    const subscription = this.#hub.subscribe(channel, waiting, batch.position)
    return () => this.#hub.unsubscribe(channel, subscription)
  }

  /** What is published in one turn goes with one answer. */
  #endSoon(end: (why: WaitEnd) => void): void {
    if (this.#due.size === 0) setImmediate(() => this.#endDue())
    this.#due.add(end)
  }

  #endDue(): void {
    for (const end of [...this.#due]) end('due')
  }
}
