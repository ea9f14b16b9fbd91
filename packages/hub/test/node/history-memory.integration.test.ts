import { retainedBytes } from '@wigwag/testkit'
import { expect, test } from 'vitest'
import { serveChannels } from '../support/served-channels.ts'

const MIB = 1024 * 1024

// A short text may make many objects: the limits of history are about memory, not about text.
test.each([
  ['empty objects', () => `[${'{},'.repeat(87_000)}{}]`],
  ['empty arrays', () => `[${'[],'.repeat(87_000)}[]]`],
  ['fractions', () => `[${'1.5,'.repeat(60_000)}1]`],
  ['short texts, each another', () => JSON.stringify(Array.from({ length: 30_000 }, (_, i) => i.toString(36)))],
  ['objects, each of another form', () => `[${Array.from({ length: 15_000 }, (_, i) => `{"${i.toString(36)}":1}`)}]`],
  ['one object of many keys', () => `{${Array.from({ length: 20_000 }, (_, i) => `"${i.toString(36)}":1`)}}`],
])('history of JSON retains about history.maxBytes of memory: %s', async (_what, body) => {
  const { publish } = await serveChannels({ history: { maxBytes: 4 * MIB, size: 10_000 } })
  const text = body()
  await publish('warm-up', text, 'application/json')
  const before = retainedBytes()
  for (let i = 0; i < 40; i++) expect((await publish('a', text, 'application/json')).status).toBe(200)
  expect(retainedBytes() - before).toBeLessThan(10 * MIB)
})
