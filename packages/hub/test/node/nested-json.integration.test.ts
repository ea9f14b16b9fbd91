import { watchFailures } from '@wigwag/testkit'
import { describe, expect, test } from 'vitest'
import { openEvents, openSocket, serveChannels } from '../support/served-channels.ts'

const LINES = { subprotocols: ['wigwag.publication.v1'] }
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

/** Around these a value can be written from a shallow stack, but not any more from a deeper one. */
const DEPTHS_OF_THE_STACK = Array.from({ length: 40 }, (_, i) => 2500 + i * 100)

describe('JSON that nests', () => {
  test('256 deep is published, and reaches everybody', async () => {
    const { url, publish } = await serveChannels()
    const [lines, events] = [await openSocket(url('/channel/a?live=1'), LINES), await openEvents(url('/channel/a'))]
    await Promise.all([lines.next(), events.live()])
    expect((await publish('a', nested(256), 'application/json')).status).toBe(200)
    expect(await lines.next()).toContain(nested(256))
    expect((await events.next()).data).toBe(nested(256))
  })

  test('deeper is refused, up to any depth, before anybody is told or history keeps it', async () => {
    using watch = watchFailures()
    const { url, publish, hub } = await serveChannels()
    const deepest = nested(hub.maxPublicationBytes / 2)
    const inObjects = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`
    for (const body of [nested(257), ...DEPTHS_OF_THE_STACK.map(nested), inObjects, deepest, '['.repeat(100_000)]) {
      const answer = await publish('a', body, 'application/json')
      expect(answer.status).toBe(400)
      expect(await answer.text()).toMatch(/nests deeper than 256/)
    }
    const events = await openEvents(url('/channel/a'))
    await events.live()
    expect((await publish('a', '"next"', 'application/json')).status).toBe(200)
    expect(await events.next()).toMatchObject({ data: 'next', id: expect.stringMatching(/:1$/) })
    expect(watch.failures).toEqual([])
  })

  test('brackets within strings do not nest', async () => {
    const { publish } = await serveChannels()
    const text = JSON.stringify([`\\"${'['.repeat(1000)}`, '{'.repeat(1000)])
    expect((await publish('a', text, 'application/json')).status).toBe(200)
  })
})
