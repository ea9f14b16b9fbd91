import { Client, type Transport } from '@wigwag/client'
import { shared } from '@wigwag/client/share'
import { expect, onTestFinished, test } from 'vitest'
import { createMemoryBench } from '../support/memory-bench.ts'
import { Way } from '../support/way.ts'

test('where there are no tabs, a client that shares has a connection of its own, and does what clients do', async () => {
  const bench = createMemoryBench({ namespaces: { '': { history: { size: 10 } } } })
  const { hub, line, clock } = bench
  const clients = [bench.client({ share: true }), bench.client({ share: { as: 'ann', maxRecentPublications: 1 } })]
  const heard: unknown[] = []
  const subscriptions = clients.map((client) => client.subscribe('a'))
  for (const each of subscriptions) each.on('publication', ({ data }) => heard.push(data))
  await Promise.all(subscriptions.map((each) => each.ready()))
  expect(hub.sessions.stats).toMatchObject({ connected: 2 })
  // What is shared goes over something: both are told.
  for (const { state } of clients) expect(state).toMatchObject({ phase: 'connected', transport: 'shared/memory' })
  line.cut()
  await hub.publish('a', 1)
  line.mend()
  await clock.advance(1500)
  await hub.publish('a', 2)
  await clock.advance(0)
  expect(heard).toEqual([1, 1, 2, 2])
  for (const client of clients) client.disconnect()
  await clock.advance(0)
  expect(hub.sessions.stats).toMatchObject({ open: 0 })
})

test('it learns which of its transports works, and keeps to it over connections', async () => {
  const bench = createMemoryBench()
  const [blocked, open] = [new Way('blocked', bench), new Way('open', bench)]
  blocked.how = 'refused'
  const client = bench.client({ transports: [blocked, open], share: true })
  await bench.clock.advance(0)
  client.connect()
  await bench.clock.advance(3000)
  expect(client.state.phase).toBe('connected')
  for (let n = 0; n < 3; n++) {
    open.line.cut()
    open.line.mend()
    await bench.clock.advance(6000)
  }
  expect(client.state.phase).toBe('connected')
  expect([blocked.attempts, open.attempts]).toEqual([1, 4])
})

test('a number that is none is told at once, and by name', () => {
  const wrong = { maxUnreadBytes: 0 }
  for (const create of [
    (): unknown => new Client('ws://hub.test/', { share: wrong }),
    (): Transport => shared(wrong),
  ]) {
    expect(create).toThrow(expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining('share.') }))
  }
})

test('no transport at all is told at once, too', () => {
  for (const share of [false, true]) {
    expect(() => new Client('ws://hub.test/', { share, transports: [] })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining('transports') }),
    )
  }
  expect(() => shared({ transports: [] })).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
})

test('a core client names it as its transport', async () => {
  const bench = createMemoryBench()
  const environment = bench.clock.environment()
  const client = new Client('http://hub.test/', {
    environment,
    transports: [shared({ environment, transports: [bench.line] })],
  })
  onTestFinished(() => client[Symbol.asyncDispose]())
  await client.ready()
  expect(bench.hub.sessions.stats).toMatchObject({ connected: 1 })
})
