import { describe, expect, test } from 'vitest'
import { closeReason, reasonOfCode } from '../../src/reason/close-reason.ts'
import { type ClientMachine, createClientMachine } from '../../src/state/client-machine.ts'
import { during } from '../../src/state/during.ts'

const TIMES = {
  minDelayMs: 500,
  maxDelayMs: 20_000,
  connectTimeoutMs: 10_000,
  maxPingDelayMs: 10_000,
  probeTimeoutMs: 2000,
  maxAdvisedDelayMs: 300_000,
}

const machineWith = (random = 0.5): ClientMachine => createClientMachine(TIMES, () => random)

/** One that is opening a transport. */
function opening(): ClientMachine {
  const machine = machineWith()
  machine.connect(0)
  machine.authorized(0)
  return machine
}

/** Time goes by until the next attempt, which has a token. */
function again(machine: ClientMachine): number {
  const nowMs = machine.nextDeadlineMs()
  expect(machine.tick(nowMs)).toBe('authorize')
  expect(machine.authorized(nowMs)).toBe('open')
  return nowMs
}

/** One that is connected at 0, to a hub that pings every 25 s. */
function connected(): ClientMachine {
  const machine = opening()
  machine.greeted('id', 25_000, 0)
  return machine
}

describe('connecting', () => {
  test('sees to a token first, which has a time of its own', () => {
    const machine = machineWith()
    expect(machine.connect(0)).toBe('authorize')
    expect(machine.authorized(9000)).toBe('open')
    expect(machine.nextDeadlineMs()).toBe(19_000)
    machine.ended(closeReason('unreachable'), 10_000)
    expect(machine.tick(machine.nextDeadlineMs())).toBe('authorize')
    expect(machine.tick(machine.nextDeadlineMs())).toBe('close')
    expect(machine.state).toMatchObject({ reason: { name: 'tokenFailed' } })
  })

  test('a token that is too old is replaced at once, and the second time after a wait', () => {
    const machine = opening()
    expect(machine.ended(closeReason('tokenExpired'), 10)).toBe('close')
    expect(again(machine)).toBe(10)
    machine.ended(closeReason('tokenExpired'), 12)
    expect(machine.nextDeadlineMs()).toBeGreaterThanOrEqual(512)
  })

  test('an attempt that takes too long is over, and says so', () => {
    const machine = opening()
    expect(machine.nextDeadlineMs()).toBe(10_000)
    expect(machine.tick(10_000)).toBe('close')
    expect(machine.state).toMatchObject({ phase: 'connecting', failures: 1, reason: { name: 'connectTimeout' } })
  })

  test('the state says how long it waits, by its own delay or by the one that the hub asks for, but not for ever', () => {
    const machine = opening()
    expect(machine.state).toMatchObject({ phase: 'connecting', delayMs: 0 })
    for (const [given, waited] of [
      [undefined, undefined],
      [7000, 7000],
      [1e9, 300_000],
    ] as const) {
      machine.ended(closeReason('unreachable', given === undefined ? {} : { delayMs: given }), 100)
      const { state } = machine
      expect(machine.nextDeadlineMs()).toBe(100 + (state.phase === 'connecting' ? state.delayMs : Number.NaN))
      if (waited !== undefined) expect(state).toMatchObject({ delayMs: waited })
      again(machine)
    }
  })

  test('a connection has the name of its transport', () => {
    const machine = opening()
    machine.greeted('id', 0, 0, 'http-stream')
    expect(machine.state).toEqual({ phase: 'connected', client: 'id', transport: 'http-stream', isSuspect: false })
  })

  test('what an earlier attempt has still to tell is passed over', () => {
    const machine = opening()
    const late = during(machine, (tell: () => void) => tell())
    machine.ended(closeReason('unreachable'), 1)
    again(machine)
    late(() => machine.greeted('old', 0, 2000))
    late(() => machine.ended(closeReason('refused'), 2000))
    expect(machine.state.phase).toBe('connecting')
  })
})

describe('coming back', () => {
  test('waits longer with each failure, up to the limit, and anew once a connection was stable', () => {
    const machine = machineWith(0.999_999)
    machine.connect(0)
    machine.authorized(0)
    const waits: number[] = []
    let nowMs = 0
    for (let i = 0; i < 8; i++) {
      machine.ended(closeReason('unreachable'), nowMs)
      waits.push(Math.round(machine.nextDeadlineMs() - nowMs))
      nowMs = again(machine)
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 20_000, 20_000, 20_000])
    machine.greeted('id', 0, nowMs)
    machine.ended(closeReason('lost'), nowMs + 4999)
    expect(Math.round(machine.nextDeadlineMs() - nowMs - 4999)).toBe(20_000)
    nowMs = again(machine)
    machine.greeted('id', 0, nowMs)
    machine.ended(closeReason('lost'), nowMs + 5000)
    expect(Math.round(machine.nextDeadlineMs() - nowMs - 5000)).toBe(1000)
  })

  test("obeys the hub's delay, to the millisecond and whatever wakes it, up to a limit", () => {
    const machine = connected()
    machine.ended(reasonOfCode(3001, { text: 'shutdown', delayMs: 1234 }), 100)
    expect(machine.nextDeadlineMs()).toBe(1334)
    expect(machine.noticed('woke', 200)).toBeUndefined()
    expect(machine.tick(1333)).toBeUndefined()
    expect(again(machine)).toBe(1334)
    machine.ended(reasonOfCode(3001, { delayMs: 1e12 }), 2000)
    expect(machine.nextDeadlineMs()).toBe(302_000)
  })

  test('does not wait on when the network is back', () => {
    const machine = opening()
    machine.ended(closeReason('unreachable'), 1)
    expect(machine.noticed('woke', 2)).toBe('authorize')
  })

  test('a time that the hub gave stands, whoever wakes and whatever else is learned of why it ended', () => {
    const machine = opening()
    machine.ended(reasonOfCode(3001, { delayMs: 30_000 }), 0)
    machine.learned(closeReason('forbidden'), 10)
    expect(machine.noticed('woke', 20)).toBeUndefined()
    expect(machine.nextDeadlineMs()).toBe(30_000)
    // Of the next attempt it says nothing.
    again(machine)
    machine.ended(closeReason('unreachable'), 30_000)
    expect(machine.noticed('woke', 30_001)).toBe('authorize')
  })

  test('what is learned when an attempt is overdue says that it comes at once', () => {
    const machine = opening()
    machine.ended(closeReason('tokenExpired'), 10)
    machine.learned(closeReason('forbidden'), 15)
    expect(machine.state).toMatchObject({ reason: { name: 'forbidden' }, delayMs: 0 })
    expect(again(machine)).toBe(10)
  })

  test('stays away where it is told to, until it is called again', () => {
    const machine = connected()
    expect(machine.ended(reasonOfCode(3503), 1)).toBe('close')
    expect(machine.state).toMatchObject({
      phase: 'disconnected',
      reason: { name: 'refused', code: 3503, retryable: false },
    })
    expect(machine.nextDeadlineMs()).toBe(Number.POSITIVE_INFINITY)
    expect(machine.noticed('woke', 2)).toBeUndefined()
    expect(machine.connect(3)).toBe('authorize')
  })
})

describe('liveness', () => {
  test('after the interval and the delay nothing was heard: it asks, and without an answer it is over', () => {
    const machine = connected()
    machine.heard(1000)
    expect(machine.nextDeadlineMs()).toBe(36_000)
    expect(machine.tick(36_000)).toBe('probe')
    expect(machine.state).toMatchObject({ phase: 'connected', isSuspect: true })
    expect(machine.tick(37_999)).toBeUndefined()
    expect(machine.tick(38_000)).toBe('close')
    expect(machine.state).toMatchObject({ phase: 'connecting', reason: { name: 'noPing' } })
  })

  test('anything that is heard clears it', () => {
    const machine = connected()
    machine.tick(35_000)
    machine.heard(35_500)
    expect(machine.state).toMatchObject({ phase: 'connected', isSuspect: false })
    expect(machine.nextDeadlineMs()).toBe(70_500)
  })

  test('a device that wakes up asks at once, but for a connection that has just been heard of', () => {
    const machine = connected()
    machine.heard(5000)
    expect(machine.noticed('woke', 5500)).toBeUndefined()
    expect(machine.noticed('woke', 8000)).toBe('probe')
    expect(machine.nextDeadlineMs()).toBe(10_000)
  })

  test('a hub that does not ping is believed', () => {
    const machine = opening()
    machine.greeted('id', 0, 0)
    expect(machine.nextDeadlineMs()).toBe(Number.POSITIVE_INFINITY)
  })
})
