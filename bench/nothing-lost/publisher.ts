import { type Agent, request } from 'node:http'
import type { Position } from '@wigwag/hub'

/** Between two attempts, in milliseconds. */
const RETRY_MS = 20

/** What became of publications (counts). */
export interface PublisherTally {
  acknowledged: number
  /** Attempts that were answered with 503. */
  refused: number
  /** Attempts that were not answered. */
  unanswered: number
}

/** Publishes one thing after the other in a channel, each with an idempotency key and until it is acknowledged. */
export class Publisher {
  readonly channel: string
  /** Where what it published was stored; at its number. */
  readonly stored: Position[] = []
  readonly #id: number
  readonly #ports: readonly number[]
  readonly #agent: Agent
  readonly #tally: PublisherTally
  readonly #signal: AbortSignal

  /** `ports` are those of the nodes; it begins with one of them and goes to the next when that fails, until `signal` is aborted. */
  constructor(
    channel: string,
    id: number,
    ports: readonly number[],
    agent: Agent,
    tally: PublisherTally,
    signal: AbortSignal,
  ) {
    this.channel = channel
    this.#id = id
    this.#ports = ports
    this.#agent = agent
    this.#tally = tally
    this.#signal = signal
  }

  /** Publishes its next number. Resolves when that is acknowledged; rejects when it is not and nobody waits any more. */
  async publish(): Promise<void> {
    const number = this.stored.length
    for (let attempt = number + this.#id; ; attempt++) {
      this.#signal.throwIfAborted()
      const answer = await this.#post(this.#ports[attempt % this.#ports.length] as number, number)
      if (answer?.status === 200) {
        this.stored.push(JSON.parse(answer.body) as Position)
        this.#tally.acknowledged++
        return
      }
      if (answer === undefined) this.#tally.unanswered++
      else if (answer.status === 503) this.#tally.refused++
      else throw new Error(`Publishing in ${this.channel} was answered with ${answer.status}: ${answer.body}`)
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }

  #post(port: number, number: number): Promise<{ readonly status: number; readonly body: string } | undefined> {
    const data = JSON.stringify([this.#id, number])
    const headers = {
      'content-type': 'application/json',
      'content-length': data.length,
      'idempotency-key': `${this.#id}:${number}`,
    }
    const path = `/channel/${this.channel}`
    return new Promise((resolve) => {
      const posted = request({ host: '127.0.0.1', port, method: 'POST', path, agent: this.#agent, headers })
      posted.on('response', (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (text) => {
          body += text
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
        response.on('error', () => resolve(undefined))
      })
      posted.on('error', () => resolve(undefined))
      posted.end(data)
    })
  }
}
