import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Hub } from '@wigwag/hub'
import { ChannelEndpoint } from '@wigwag/hub/node'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { DelayedBroker } from '../support/delayed-broker.ts'
import { createManualBroker } from '../support/manual-broker.ts'
import { poll, pollBehind } from '../support/polling.ts'

type Step = 'publish' | 'publish three in one turn' | 'calls' | 'answers' | 'publications' | 'let the poll be'

const step: fc.Arbitrary<Step> = fc.constantFrom(
  'publish',
  'publish three in one turn',
  'calls',
  'answers',
  'publications',
  'let the poll be',
)

/** Plays the steps while polls follow each other, and says what they were answered with, and how much was published. */
async function play(
  url: string,
  hub: Hub,
  delayed: DelayedBroker,
  steps: readonly Step[],
  waits: readonly number[],
): Promise<{ received: unknown[]; published: number; gaps: number }> {
  const received: unknown[] = []
  let published = 0
  let gaps = 0
  let isDone = false
  const publish = (): Promise<unknown> => hub.publish('a', ++published)
  const follow = async (): Promise<void> => {
    let etag: string | undefined = '"epoch-1:0"'
    for (let i = 0; ; i++) {
      // Once all is published, until there is nothing more.
      const wasDone = isDone
      const answer = await pollBehind(`${url}?wait=${waits[i % waits.length]}`, etag)
      expect([200, 304]).toContain(answer.status)
      if (answer.headers.has('wigwag-gap')) gaps++
      received.push(...answer.data)
      etag = answer.etag
      if (wasDone && answer.status === 304) return
    }
  }
  const following = follow()
  for (const each of steps) {
    if (each === 'publish') await publish()
    else if (each === 'publish three in one turn') await Promise.all([publish(), publish(), publish()])
    else if (each === 'let the poll be') await new Promise((resolve) => setTimeout(resolve, 1))
    else delayed.release(each)
    await new Promise((resolve) => setImmediate(resolve))
  }
  delayed.releaseAll()
  isDone = true
  await following
  return { received, published, gaps }
}

test('whatever the order of publications, polls and the answers of the broker: a chain of polls has each exactly once', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/channel/a`
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40, size: 'max' }),
      fc.array(fc.constantFrom(0, 0.002, 0.02, 50), { minLength: 1, maxLength: 3 }),
      fc.constantFrom(1, 150, 1024 * 1024),
      async (steps, waits, maxPollBytes) => {
        const delayed = new DelayedBroker(createManualBroker().broker)
        const hub = new Hub({ broker: delayed })
        const endpoint = new ChannelEndpoint(hub, { maxPollBytes, maxPollWaitMs: 20 })
        endpoint.attach(server)
        const { received, published, gaps } = await play(url, hub, delayed, steps, waits)
        expect(received).toEqual(Array.from({ length: published }, (_, i) => i + 1))
        expect(gaps).toBe(0)
        expect((await poll(url)).body).toBe(published === 0 ? '' : String(published))
        expect(hub.stats.subscriptions).toBe(0)
        await endpoint.close()
        await hub.close()
      },
    ),
    { numRuns: 100 },
  )
})
