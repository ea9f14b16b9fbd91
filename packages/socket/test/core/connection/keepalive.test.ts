import { Keepalive } from '@wigwag/socket/core'
import { closePayload, frameBytes, openConnection, TEST_MASK, type TestConnection } from '@wigwag/socket/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const options = { pingIntervalMs: 1000, pongTimeoutMs: 100 }

/** Lets time pass, and wakes the connection if its deadline has come. */
function pass({ connection, clock }: TestConnection, milliseconds: number): void {
  clock.advance(milliseconds)
  if (clock.nowMs >= connection.deadlineMs) connection.tick(clock.nowMs)
}

const hear = ({ connection, clock }: TestConnection): void =>
  connection.receive(frameBytes({ opcode: 10, mask: TEST_MASK }), clock.nowMs)

const pings = ({ sink }: TestConnection): number => sink.takeFrames().filter(({ opcode }) => opcode === 9).length

describe('keepalive as a function of time', () => {
  test('a silent peer is pinged when the interval has passed, not before', () => {
    const server = openConnection('server', options)
    expect(server.connection.deadlineMs).toBe(1000)
    server.connection.tick(999)
    expect(pings(server)).toBe(0)
    pass(server, 1000)
    expect(pings(server)).toBe(1)
    expect(server.connection.deadlineMs).toBe(1100)
  })

  test('a peer that answers is pinged again one interval after its answer', () => {
    const server = openConnection('server', options)
    pass(server, 1000)
    pass(server, 30)
    hear(server)
    pass(server, 70)
    expect(server.connection.deadlineMs).toBe(2030)
    pings(server)
    pass(server, 930)
    expect(pings(server)).toBe(1)
    expect(server.connection.phase).toBe('open')
  })

  test('a peer that does not answer is told 1011 and dropped', () => {
    const server = openConnection('server', options)
    pass(server, 1000)
    pass(server, 99)
    expect(server.connection.phase).toBe('open')
    pings(server)
    pass(server, 1)
    expect(server.sink.takeFrames()[0]?.payload.slice(0, 2)).toEqual(closePayload(1011))
    expect(server.sink.events.map(({ type }) => type)).toEqual(['closing', 'end', 'destroy', 'closed'])
    expect(server.sink.outcome).toMatchObject({ code: 1011, clean: false, error: { code: 'ERR_KEEPALIVE_TIMEOUT' } })
    expect(server.sink.outcome?.error?.message).toContain('within 100 ms (pongTimeoutMs)')
    expect(server.connection.deadlineMs).toBe(Infinity)
  })

  test('an interval shorter than pongTimeoutMs is kept: a proxy in between must not hear of nothing for longer', () => {
    const server = openConnection('server', { pingIntervalMs: 100, pongTimeoutMs: 1000 })
    const pingedMs: number[] = []
    while (server.clock.nowMs < 1000) {
      pass(server, 10)
      if (pings(server) === 0) continue
      pingedMs.push(server.clock.nowMs)
      hear(server)
    }
    expect(pingedMs).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000])
  })

  test('and whoever does not answer still has all of pongTimeoutMs', () => {
    const server = openConnection('server', { pingIntervalMs: 100, pongTimeoutMs: 1000 })
    for (let i = 0; i < 109; i++) pass(server, 10)
    expect(pings(server)).toBe(1)
    expect(server.connection.phase).toBe('open')
    pass(server, 10)
    expect(server.connection.phase).toBe('closed')
  })

  test('any byte is a sign of life: a busy connection is never pinged', () => {
    const server = openConnection('server', options)
    for (let i = 0; i < 50; i++) {
      pass(server, 400)
      server.connection.receive(Uint8Array.of(i === 0 ? 0x82 : 0xff).slice(0, i === 0 ? 1 : 0), server.clock.nowMs)
    }
    expect(pings(server)).toBe(0)
  })

  test('a pong heard in the very tick of the ping counts as its answer: the clock may be coarse', () => {
    const server = openConnection('server', options)
    pass(server, 1000)
    hear(server)
    pass(server, 100)
    expect(server.connection.phase).toBe('open')
  })

  test('a tick that comes much too late pings first, and gives the peer its time', () => {
    const server = openConnection('server', options)
    pass(server, 60_000)
    expect(pings(server)).toBe(1)
    expect(server.connection.deadlineMs).toBe(60_100)
    hear(server)
    pass(server, 100)
    expect(server.connection.phase).toBe('open')
  })

  test('pingIntervalMs 0 sends none, ever', () => {
    const server = openConnection('server', { pingIntervalMs: 0 })
    expect(server.connection.deadlineMs).toBe(Infinity)
    server.connection.tick(1e12)
    expect(pings(server)).toBe(0)
    expect(server.connection.phase).toBe('open')
  })

  test('ends with the open phase: while closing only the close time-out counts', () => {
    const server = openConnection('server', { ...options, closeTimeoutMs: 5000 })
    server.connection.close(1000)
    server.sink.takeFrames()
    for (let i = 0; i < 4; i++) pass(server, 1100)
    expect(pings(server)).toBe(0)
    expect(server.connection.phase).toBe('closing')
  })
})

describe('jitter', () => {
  test('each wait is within 10 % of the interval', () => {
    expect(new Keepalive(options, () => 0, 0).deadlineMs).toBeCloseTo(900)
    expect(new Keepalive(options, () => 1 - 2 ** -53, 0).deadlineMs).toBeCloseTo(1100)
  })

  test('a ping comes between 0.9 and 1.1 intervals after the last sign of life, whenever it is woken in time', () => {
    const random = fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { minLength: 1 })
    fc.assert(
      fc.property(random, fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 20 }), (numbers, gaps) => {
        let drawn = 0
        const keepalive = new Keepalive(options, () => numbers[drawn++ % numbers.length] as number, 0)
        let heardMs = 0
        for (const gap of gaps) {
          const nextMs = heardMs + gap
          while (keepalive.deadlineMs <= nextMs) expect(keepalive.tick(heardMs, keepalive.deadlineMs)).toBeUndefined()
          heardMs = nextMs
        }
        let effect: unknown
        let nowMs = heardMs
        while (effect === undefined) {
          nowMs = Math.max(nowMs, keepalive.deadlineMs)
          effect = keepalive.tick(heardMs, nowMs)
        }
        expect(effect).toBe('ping')
        expect(nowMs - heardMs).toBeGreaterThanOrEqual(900 - 1e-6)
        expect(nowMs - heardMs).toBeLessThanOrEqual(1100 + 1e-6)
      }),
    )
  })
})

describe('while reading is paused the silence is ours', () => {
  test('a peer is not given up, however long the pause', () => {
    const server = openConnection('server', options)
    server.connection.pause()
    for (let i = 0; i < 100; i++) pass(server, 100)
    expect(server.connection.phase).toBe('open')
  })

  test('a pause behind a ping gives the answer its time after the pause', () => {
    const server = openConnection('server', options)
    pass(server, 1000)
    server.connection.pause()
    pass(server, 99)
    server.connection.resume()
    pass(server, 1)
    expect(server.connection.phase).toBe('open')
  })

  test('a peer that stays silent after the pause is given up', () => {
    const server = openConnection('server', options)
    server.connection.pause()
    pass(server, 5000)
    server.connection.resume()
    for (let i = 0; i < 30; i++) pass(server, 100)
    expect(server.sink.outcome).toMatchObject({ code: 1011 })
  })
})
