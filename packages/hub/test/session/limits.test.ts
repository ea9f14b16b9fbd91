import { describe, expect, test } from 'vitest'
import { createManualBroker } from '../support/manual-broker.ts'
import { connectedClient, createSessionBench, settled } from '../support/session-clients.ts'

const echo = { echo: (data: unknown) => data as number }

describe('who may come in', () => {
  test('so many at once, and so many a second: those above it are told when to come back, one behind the other', async () => {
    const { hub, advance } = createSessionBench({ sessions: { maxSessionsPerSecond: 10, maxSessionBurst: 3 } })
    const answers = Array.from({ length: 6 }, () => hub.sessions.admit())
    expect(answers.slice(0, 3)).toEqual([undefined, undefined, undefined])
    expect(answers.slice(3).map((full) => full?.reason)).toEqual(['rate', 'rate', 'rate'])
    const waits = answers.slice(3).map((full) => Math.round(full?.retryAfterMs ?? 0))
    expect(waits).toEqual([100, 200, 300])
    expect(hub.sessions.refused).toEqual({ draining: 0, sessions: 0, memory: 0, rate: 3 })
    await advance(200)
    expect([hub.sessions.admit(), hub.sessions.admit(), hub.sessions.admit()?.reason]).toEqual([
      undefined,
      undefined,
      'rate',
    ])
  })

  test('as many as the process takes, and that costs none of those a second', async () => {
    const { hub, client } = createSessionBench({ sessions: { maxSessions: 1, maxSessionBurst: 1 } })
    const ann = client()
    for (let i = 0; i < 3; i++) expect(hub.sessions.admit()?.reason).toBe('sessions')
    ann.session.disconnect()
    expect(hub.sessions.admit()).toBeUndefined()
  })

  test('nobody while memory is short; sessions go on', async () => {
    let residentBytes = 10
    const use = () => ({ residentBytes, availableBytes: 1e9, heapBytes: 1, heapLimitBytes: 1e9 })
    const bench = createSessionBench({ sessions: { maxMemoryBytes: 100 } }, createManualBroker(), use)
    const ann = await connectedClient(bench)
    residentBytes = 101
    expect(bench.hub.sessions.admit()).toBeUndefined()
    await bench.advance(1000)
    expect(bench.hub.sessions.admit()).toMatchObject({ reason: 'memory', retryAfterMs: 5000 })
    expect(bench.hub.sessions.refused.memory).toBe(1)
    expect(ann.session.phase).toBe('open')
    residentBytes = 99
    await bench.advance(1000)
    expect(bench.hub.sessions.admit()).toBeUndefined()
  })

  test('when memory is about to run out, those for which most waits end with 3008, no more than have to', async () => {
    let residentBytes = 10
    const use = () => ({ residentBytes, availableBytes: 1e9, heapBytes: 1, heapLimitBytes: 1e9 })
    const options = { sessions: { maxMemoryBytes: 1000, pingIntervalMs: 0 }, outbox: { highWaterMarkBytes: 0 } }
    const bench = createSessionBench(options, createManualBroker(), use)
    const clients = [await connectedClient(bench), await connectedClient(bench), await connectedClient(bench)] as const
    for (const [i, client] of clients.entries()) {
      client.isStalled = i > 0
      client.session.send('x')
      for (let n = 0; n < i; n++) client.session.send('y'.repeat(300))
    }
    residentBytes = 1150
    await bench.advance(1000)
    expect(clients.map(({ closedWith }) => closedWith?.code)).toEqual([undefined, undefined, 3008])
    residentBytes = 1500
    await bench.advance(1000)
    expect(clients.map(({ closedWith }) => closedWith?.code)).toEqual([undefined, 3008, 3008])
  })
})

describe('how fast a session may send', () => {
  const sessions = {
    maxCommandsPerSecond: 10,
    maxCommandBurst: 20,
    maxReceivedBytesPerSecond: 1000,
    maxReceivedBurstBytes: 5000,
  }

  test('commands above it are error 111, to be tried again, and nothing is carried out', async () => {
    const called: unknown[] = []
    const bench = createSessionBench({ sessions, rpc: { call: (data: unknown) => void called.push(data) } })
    const ann = await connectedClient(bench)
    for (let n = 1; n < 20; n++) await ann.ask({ rpc: { method: 'call', data: n } })
    expect(called.length).toBe(19)
    expect((await ann.ask({ rpc: { method: 'call', data: 20 } })).error).toMatchObject({ code: 111, temporary: true })
    expect(called.length).toBe(19)
    await bench.advance(100)
    expect((await ann.ask({ rpc: { method: 'call', data: 21 } })).error).toBeUndefined()
    expect(called.at(-1)).toBe(21)
    expect(ann.closedWith).toBeUndefined()
  })

  test('a batch counts by its commands', async () => {
    const bench = createSessionBench({ sessions, rpc: echo })
    const ann = await connectedClient(bench)
    ann.write(...Array.from({ length: 25 }, (_, i) => ({ id: i + 10, rpc: { method: 'echo', data: i } })))
    await settled()
    const refused = ann.packets.filter((packet) => 'error' in packet).map(({ id }) => id)
    expect(refused).toEqual([29, 30, 31, 32, 33, 34])
  })

  test('whoever does not listen to that ends with 3013, and comes back', async () => {
    const bench = createSessionBench({ sessions, rpc: echo })
    const eve = await connectedClient(bench)
    for (let n = 0; n < 19 + 20; n++) await eve.ask({ rpc: { method: 'echo', data: n } })
    expect(eve.closedWith).toBeUndefined()
    await eve.ask({ rpc: { method: 'echo', data: 0 } })
    expect(eve.closedWith).toEqual({ code: 3013, reason: 'too many requests' })
  })

  test('half as fast again is refused a third of the time, for ever', async () => {
    const bench = createSessionBench({ sessions: { ...sessions, pingIntervalMs: 0 }, rpc: echo })
    const ann = await connectedClient(bench)
    let refused = 0
    for (let n = 0; n < 900; n++) {
      await bench.advance(1000 / 15)
      if ((await ann.ask({ rpc: { method: 'echo', data: n } })).error !== undefined) refused++
    }
    expect(ann.closedWith).toBeUndefined()
    // Less the burst.
    expect(Math.abs(refused - 280)).toBeLessThan(10)
  })

  test('a send above it, which has no answer, ends the session with 3013', async () => {
    const sent: unknown[] = []
    const bench = createSessionBench({ sessions, onMessage: (data) => void sent.push(data) })
    const ann = await connectedClient(bench)
    for (let n = 1; n < 20; n++) ann.write({ send: { data: n } })
    expect(ann.closedWith).toBeUndefined()
    ann.write({ send: { data: 20 } })
    expect(sent.length).toBe(19)
    expect(ann.closedWith?.code).toBe(3013)
  })

  test('pongs that nobody asked for count as well', async () => {
    const bench = createSessionBench({ sessions })
    const eve = await connectedClient(bench)
    eve.write(...Array.from({ length: 39 }, () => '{}'))
    expect(eve.closedWith).toBeUndefined()
    eve.write('{}')
    expect(eve.closedWith?.code).toBe(3013)
  })

  test('bytes above it end the session with 3013 before they are read', async () => {
    const bench = createSessionBench({ sessions, rpc: echo })
    const ann = await connectedClient(bench)
    const data = 'é'.repeat(1000)
    expect((await ann.ask({ rpc: { method: 'echo', data } })).rpc?.data).toBe(data)
    expect((await ann.ask({ rpc: { method: 'echo', data } })).rpc?.data).toBe(data)
    ann.write(`no JSON ${data}`)
    expect(ann.closedWith).toEqual({ code: 3013, reason: 'too many requests' })
  })

  test('they come back with time', async () => {
    const bench = createSessionBench({ sessions: { ...sessions, pingIntervalMs: 0 }, rpc: echo })
    const ann = await connectedClient(bench)
    for (let n = 0; n < 10; n++) {
      await ann.ask({ rpc: { method: 'echo', data: 'é'.repeat(1000) } })
      await bench.advance(3000)
    }
    expect(ann.closedWith).toBeUndefined()
  })
})
