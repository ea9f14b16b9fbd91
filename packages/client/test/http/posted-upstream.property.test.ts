import { type CloseReason, closeReason } from '@wigwag/client'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type PostedUpstream, postedUpstream } from '../../src/http/posted-upstream.ts'

const LIMITS = { maxRequestBytes: 200, maxQueuedBytes: 2000, sendTimeoutMs: 1000 }
const ADDRESS = { session: 's', node: 'n' }

/** A hub at the end of the way, which answers when a test says so. */
class FarEnd {
  readonly bodies: string[] = []
  readonly reasons: CloseReason[] = []
  readonly timers = new Set<() => void>()
  arrivals = 0
  #answer: { resolve(reason: CloseReason | undefined): void; reject(cause: unknown): void } | undefined
  readonly up: PostedUpstream = postedUpstream({
    ...LIMITS,
    after: (_delayMs, run) => {
      this.timers.add(run)
      return () => this.timers.delete(run)
    },
    post: (body) => {
      // Never two at a time.
      expect(this.#answer).toBeUndefined()
      this.bodies.push(body)
      return new Promise((resolve, reject) => {
        this.#answer = { resolve, reject }
      })
    },
    arrived: () => this.arrivals++,
    failed: (reason) => this.reasons.push(reason),
  })

  get isAsked(): boolean {
    return this.#answer !== undefined
  }

  async answer(how: CloseReason | Error | undefined): Promise<void> {
    const answer = this.#answer
    this.#answer = undefined
    if (how instanceof Error) answer?.reject(how)
    else answer?.resolve(how)
    await new Promise<void>((resolve) => setImmediate(resolve))
  }

  get lines(): string[] {
    return this.bodies.flatMap((body) => (JSON.parse(body) as { data: string }).data.split('\n'))
  }
}

const packet = fc.string({ unit: fc.constantFrom('a', '"', 'é', '\\'), minLength: 1, maxLength: 90 })

test('packets arrive once and in order, one request at a time, each within its limit unless one packet is larger', async () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.array(packet, { minLength: 1, maxLength: 3 }) },
    fc.constant('answer' as const),
    fc.constant('open' as const),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      const end = new FarEnd()
      const sent: string[] = []
      for (const each of steps) {
        if (each === 'open') end.up.open(ADDRESS)
        else if (each === 'answer') await end.answer(undefined)
        else {
          end.up.send(each.join('\n'))
          if (end.reasons.length === 0) sent.push(...each)
        }
        if (end.reasons.length > 0) break
      }
      if (end.reasons.length > 0) {
        expect(end.reasons).toMatchObject([{ name: 'sendFailed', text: expect.stringContaining('2000') }])
        expect(end.lines).toEqual(sent.slice(0, end.lines.length))
        return
      }
      end.up.open(ADDRESS)
      while (end.isAsked) {
        expect(end.up.isBusy).toBe(true)
        await end.answer(undefined)
      }
      expect(end.up.isBusy).toBe(false)
      expect(end.lines.filter((line) => line !== '')).toEqual(sent)
      expect(end.arrivals).toBe(end.bodies.length)
      expect(end.timers.size).toBe(0)
      for (const body of end.bodies) {
        const isOne = !(JSON.parse(body) as { data: string }).data.includes('\n')
        expect(isOne || Buffer.byteLength(body) <= LIMITS.maxRequestBytes + 20).toBe(true)
      }
    }),
    { numRuns: 300 },
  )
})

test.each([
  ['an answer that says so', closeReason('messageTooLarge'), 'messageTooLarge'],
  ['no answer', new TypeError('fetch failed'), 'sendFailed'],
])('%s ends it, and nothing is sent again', async (_what, how, name) => {
  const end = new FarEnd()
  end.up.open(ADDRESS)
  end.up.send('a')
  end.up.send('b')
  await end.answer(how)
  expect(end.reasons).toMatchObject([{ name }])
  end.up.send('c')
  expect(end.lines).toEqual(['a'])
  expect(end.isAsked).toBe(false)
  expect(end.up.isBusy).toBe(false)
})

test('an answer that takes too long ends it, and is passed over when it comes', async () => {
  const end = new FarEnd()
  end.up.open(ADDRESS)
  end.up.send('a')
  for (const ring of [...end.timers]) ring()
  await end.answer(new TypeError('aborted'))
  expect(end.reasons).toMatchObject([{ name: 'sendFailed', text: expect.stringContaining('in time') }])
  expect(end.arrivals).toBe(0)
})
