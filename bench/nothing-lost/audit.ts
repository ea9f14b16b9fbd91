import type { Position } from '@wigwag/hub'
import { RedisBroker } from '@wigwag/redis'
import type { Unrecovered } from './ledger.ts'
import type { Publisher } from './publisher.ts'
import { HISTORY_TTL_MS, type Scenario } from './scenario.ts'

/** Between two attempts, in milliseconds. */
const RETRY_MS = 20

/** Looks at the streams that the broker really has. */
export class Audit {
  readonly #broker: RedisBroker
  readonly #historySize: number

  private constructor(broker: RedisBroker, historySize: number) {
    this.#broker = broker
    this.#historySize = historySize
  }

  static async start(redisUrl: string, { historySize }: Scenario): Promise<Audit> {
    const history = { size: historySize, maxBytes: 2 ** 26, ttlMs: HISTORY_TTL_MS }
    const broker = new RedisBroker({ url: redisUrl, history, maxReconnectDelayMs: 50 })
    await broker.start({
      hub: '',
      publication: () => {},
      missed: () => {},
      historyOf: () => undefined,
      joined: () => {},
      left: () => {},
      control: () => {},
    })
    return new Audit(broker, historySize)
  }

  /**
   * Whether a client could have recovered: the stream is the one that it knew, and everything behind its position was
   * retained. Where the client was told where that very stream stood, that decides; otherwise the stream of now, as an
   * epoch that is over never comes again.
   */
  async wasAvoidable(channel: string, { asked, stands }: Unrecovered): Promise<boolean> {
    if (asked.epoch === stands.epoch) {
      return asked.offset <= stands.offset && asked.offset >= stands.offset - this.#historySize
    }
    const { gap } = await this.#read(channel, asked)
    return gap === undefined
  }

  /** Holds what was acknowledged against what is stored. */
  async compare(
    publishers: readonly Publisher[],
  ): Promise<{ readonly unstored: number; readonly storedTwice: number }> {
    let unstored = 0
    let storedTwice = 0
    for (const channel of new Set(publishers.map((publisher) => publisher.channel))) {
      const mine = publishers.filter((publisher) => publisher.channel === channel)
      const epoch = mine[0]?.stored[0]?.epoch ?? ''
      const { publications, position } = await this.#read(channel, { epoch, offset: 0 })
      const offsets = new Map<string, number>()
      for (const { data, position: at } of publications) {
        if (offsets.has(String(data))) storedTwice++
        offsets.set(String(data), at?.offset ?? 0)
      }
      mine.forEach(({ stored }, id) => {
        stored.forEach(({ epoch: at, offset }, number) => {
          if (at !== position?.epoch || offsets.get(`${id},${number}`) !== offset) unstored++
        })
      })
    }
    return { unstored, storedTwice }
  }

  close(): Promise<void> {
    return this.#broker.close()
  }

  async #read(channel: string, from: Position) {
    for (;;) {
      try {
        return await this.#broker.history(channel, from)
      } catch {
        // Redis is away for a while.
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }
}
