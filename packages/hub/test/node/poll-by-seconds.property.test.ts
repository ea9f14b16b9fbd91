import { MemoryBroker } from '@wigwag/hub'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { answerBySeconds, type SecondsAnswer } from '../../src/node/poll-by-seconds.ts'

const BEGIN_MS = 1_790_000_000_000

/** A channel to which somebody publishes at certain times, and a clock that moves only when somebody waits. */
class Simulation {
  readonly broker: MemoryBroker
  #nowMs = BEGIN_MS
  readonly #skewMs: number
  readonly #times: number[]
  #published = 0

  /** `skewMs` is how far the node's clock is ahead of the broker's. */
  constructor(times: readonly number[], skewMs: number, size = 1000) {
    this.#times = [...times].sort((a, b) => a - b)
    this.#skewMs = skewMs
    const ports = { now: () => this.#nowMs, createEpoch: () => 'epoch', every: () => () => {} }
    this.broker = new MemoryBroker({ history: { size, ttlMs: 10_000_000 } }, ports)
  }

  get published(): number {
    return this.#published
  }

  get isOver(): boolean {
    return this.#times.length === 0
  }

  async advance(ms: number, untilPublished = false): Promise<'due' | 'time'> {
    const untilMs = this.#nowMs + ms
    while (this.#times[0] !== undefined && BEGIN_MS + this.#times[0] <= untilMs) {
      this.#nowMs = Math.max(this.#nowMs, BEGIN_MS + (this.#times.shift() as number))
      await this.broker.publish('a', ++this.#published)
      if (untilPublished) return 'due'
    }
    this.#nowMs = untilMs
    return 'time'
  }

  async poll(since: number | 'latest', waitMs: number, maxPollBytes: number): Promise<SecondsAnswer> {
    const answer = await answerBySeconds({
      since,
      waitMs,
      maxPollBytes,
      clock: { nowMs: () => this.#nowMs + this.#skewMs, elapsedMs: () => this.#nowMs - BEGIN_MS },
      read: (from, range) => this.broker.history('a', from, range),
      wait: (ms, batch) => this.advance(ms, batch !== undefined),
    })
    if (answer === 'no-history') throw new Error('There is history here.')
    return answer
  }
}

const dataOf = ({ batch }: SecondsAnswer): unknown[] =>
  batch.encoded.map((line) => (JSON.parse(line.toString()) as { data: unknown }).data)

describe('a chain of polls that goes by seconds alone', () => {
  test('has each publication once and in order, wherever seconds end, answers are cut, and the clocks differ by up to a second', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.integer({ min: 0, max: 12_000 }), fc.constantFrom(999, 1000, 1001, 1999, 2000)), {
          maxLength: 60,
          size: 'max',
        }),
        fc.array(fc.constantFrom(0, 1, 300, 999, 1000, 1001, 5000), { minLength: 1, maxLength: 5 }),
        fc.array(fc.constantFrom(0, 1, 700, 3000), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: -1000, max: 1000 }),
        fc.constantFrom(1, 200, 1_000_000),
        async (times, waits, pauses, skewMs, maxPollBytes) => {
          const simulation = new Simulation(times, skewMs)
          const received: unknown[] = []
          let since = BEGIN_MS / 1000 - 1
          let quietPolls = 0
          for (let i = 0; quietPolls < 8; i++) {
            const answer = await simulation.poll(since, waits[i % waits.length] as number, maxPollBytes)
            received.push(...dataOf(answer))
            expect(answer.batch.gap).toBeUndefined()
            expect(answer.knownS).toBeGreaterThanOrEqual(since)
            since = answer.knownS
            quietPolls = dataOf(answer).length === 0 && simulation.isOver ? quietPolls + 1 : 0
            await simulation.advance(pauses[i % pauses.length] as number)
            // Polls that neither wait nor come apart would never see a second end.
            await simulation.advance(700)
          }
          expect(received).toEqual(Array.from({ length: simulation.published }, (_, i) => i + 1))
        },
      ),
      { numRuns: 300 },
    )
  })

  test('may begin with the latest: that, and all that comes behind it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 8000 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 0, max: 8000 }),
        async (times, beginMs) => {
          const simulation = new Simulation(times, 0)
          await simulation.advance(beginMs)
          const latest = simulation.published
          const received: unknown[] = []
          let since: number | 'latest' = 'latest'
          for (let i = 0; i < 30; i++) {
            const answer: SecondsAnswer = await simulation.poll(since, 1200, 1_000_000)
            received.push(...dataOf(answer))
            since = answer.knownS
          }
          const all = Array.from({ length: simulation.published }, (_, i) => i + 1)
          expect(received).toEqual(all.slice(Math.max(0, latest - 1)))
        },
      ),
    )
  })

  test('is told that something is gone when history begins behind its second, and of nothing when it does not', async () => {
    const simulation = new Simulation([0, 1500, 3000, 4500], 0, 2)
    await simulation.advance(9000)
    const S = BEGIN_MS / 1000
    const told = await Promise.all([S - 1, S, S + 2, S + 3, S + 4].map((since) => simulation.poll(since, 0, 1_000_000)))
    expect(told.map(({ batch }) => batch.gap?.reason)).toEqual([
      'history-expired',
      'history-expired',
      // What was stored in that second is gone and all; it cannot tell.
      'history-expired',
      undefined,
      undefined,
    ])
    expect(told.map(dataOf)).toEqual([[3, 4], [3, 4], [3, 4], [4], []])
  })
})
