import { Agent, request } from 'node:http'

/** How often publications were acknowledged, refused, and left without an answer. */
export interface PublisherCount {
  acknowledged: number
  refused: number
  unanswered: number
}

/** Publishes with an idempotency key, on one node or another, until it is acknowledged. */
export class PersistentPublisher {
  readonly #ports: readonly number[]
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 })
  readonly count: PublisherCount = { acknowledged: 0, refused: 0, unanswered: 0 }

  constructor(ports: readonly number[]) {
    this.#ports = ports
  }

  /** Resolves when the publication is acknowledged. A refusal other than 503 rejects. */
  async publish(channel: string, data: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const port = this.#ports[(Number(data) + attempt) % this.#ports.length] as number
      const status = await this.#post(port, channel, data)
      if (status === 200) break
      if (status === undefined) this.count.unanswered++
      else if (status === 503) this.count.refused++
      else throw new Error(`Publishing ${data} was answered with ${status}.`)
      // As a publisher does: it is told to come back later.
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    this.count.acknowledged++
  }

  close(): void {
    this.#agent.destroy()
  }

  #post(port: number, channel: string, data: string): Promise<number | undefined> {
    return new Promise((resolve) => {
      const posted = request(
        {
          port,
          host: '127.0.0.1',
          method: 'POST',
          path: `/channel/${channel}`,
          agent: this.#agent,
          headers: { 'idempotency-key': data, 'content-length': data.length },
        },
        (response) => {
          response.resume().on('end', () => resolve(response.statusCode))
        },
      )
      posted.on('error', () => resolve(undefined))
      posted.end(data)
    })
  }
}
