import { describe, expect, test } from 'vitest'
import {
  backoffMs,
  type ConnectionEvent,
  type ConnectionState,
  type Effect,
  INITIAL_STATE,
  mayReconnect,
  stepConnection,
  wakeAtMs,
} from '../src/connection-state.ts'

/** Drives the state through events; time moves only when told. */
class Drive {
  state: ConnectionState = INITIAL_STATE
  nowMs = 1_000_000
  random = 0.5

  take(event: ConnectionEvent): readonly Effect['type'][] {
    const { state, effects } = stepConnection(this.state, event, { nowMs: this.nowMs, random: this.random })
    this.state = state
    return effects.map((effect) => effect.type)
  }

  /** Lets time pass until the state wants to be woken, and wakes it. */
  wake(): readonly Effect['type'][] {
    this.nowMs = wakeAtMs(this.state) ?? this.nowMs
    return this.take({ type: 'woken' })
  }

  close(code: number, reason = ''): readonly Effect['type'][] {
    return this.take({ type: 'socket-closed', close: { code, reason } })
  }

  open(): this {
    this.take({ type: 'connect' })
    this.take({ type: 'socket-opened' })
    return this
  }
}

test('connecting opens a socket, and the handshake makes it open', () => {
  const drive = new Drive()
  expect(drive.take({ type: 'connect' })).toEqual(['open-socket'])
  expect(drive.state.phase).toBe('connecting')
  drive.take({ type: 'socket-opened' })
  expect(drive.state.phase).toBe('open')
  expect(wakeAtMs(drive.state)).toBeUndefined()
})

test('disconnecting goes through the closing handshake and stays closed', () => {
  const drive = new Drive().open()
  expect(drive.take({ type: 'disconnect' })).toEqual(['close-socket'])
  expect(drive.state.phase).toBe('closing')
  expect(drive.close(1000)).toEqual([])
  expect(drive.state).toEqual({ phase: 'closed', trouble: undefined })
})

test('a closing handshake that nobody answers is given up', () => {
  const drive = new Drive().open()
  drive.take({ type: 'disconnect' })
  expect(drive.wake()).toEqual(['drop-socket'])
  expect(drive.state.phase).toBe('closed')
})

test('disconnecting while connecting or waiting closes at once', () => {
  const connecting = new Drive()
  connecting.take({ type: 'connect' })
  expect(connecting.take({ type: 'disconnect' })).toEqual(['drop-socket'])
  expect(connecting.state).toEqual(INITIAL_STATE)

  const waiting = new Drive().open()
  waiting.close(1006)
  expect(waiting.take({ type: 'disconnect' })).toEqual([])
  expect(waiting.state).toEqual(INITIAL_STATE)
})

test('another channel is connected to on a new socket; the old one is dropped', () => {
  expect(new Drive().open().take({ type: 'connect' })).toEqual(['drop-socket', 'open-socket'])
})

describe('an open connection that ends', () => {
  test.each([1000, 1001, 1006, 1012, 1013, 3000, 3499, 4000, 4499])('with %i is reconnected', (code) => {
    const drive = new Drive().open()
    drive.close(code, 'why')
    expect(drive.state).toMatchObject({ phase: 'waiting', trouble: { type: 'closed', close: { code, reason: 'why' } } })
    expect(drive.wake()).toEqual(['open-socket'])
    expect(drive.state.phase).toBe('connecting')
  })

  test.each([3500, 3999, 4500, 4999])('with %i stays closed and says why', (code) => {
    expect(mayReconnect(code)).toBe(false)
    const drive = new Drive().open()
    expect(drive.close(code, 'no')).toEqual([])
    expect(drive.state).toEqual({ phase: 'closed', trouble: { type: 'closed', close: { code, reason: 'no' } } })
  })
})

describe('a handshake that fails', () => {
  const failed = (): Drive => {
    const drive = new Drive()
    drive.take({ type: 'connect' })
    expect(drive.close(1006)).toEqual(['ask-server'])
    expect(drive.state).toMatchObject({ phase: 'waiting', trouble: { type: 'asking' } })
    return drive
  }

  test.each([400, 401, 403, 404, 426])('and is refused with %i is not tried again', (status) => {
    const drive = failed()
    drive.take({ type: 'server-answered', answer: { type: 'refused', status, text: 'no' } })
    expect(drive.state).toEqual({ phase: 'closed', trouble: { type: 'refused', status, text: 'no' } })
  })

  test.each([408, 429, 500, 503])('and is refused with %i is tried again', (status) => {
    const drive = failed()
    drive.take({ type: 'server-answered', answer: { type: 'refused', status, text: 'later' } })
    expect(drive.state).toMatchObject({ phase: 'waiting', trouble: { type: 'refused', status } })
  })

  test('may be explained while the next one is under way, which a final refusal drops', () => {
    const drive = failed()
    drive.wake()
    expect(drive.take({ type: 'server-answered', answer: { type: 'refused', status: 403, text: '' } })).toEqual([
      'drop-socket',
    ])
    expect(drive.state.phase).toBe('closed')
  })

  test('keeps the reason known so far on show until there is a newer one', () => {
    const drive = failed()
    drive.take({ type: 'server-answered', answer: { type: 'unreachable' } })
    drive.wake()
    expect(drive.state).toMatchObject({ phase: 'connecting', trouble: { type: 'unreachable' } })
    drive.close(1006)
    expect(drive.state).toMatchObject({ phase: 'waiting', trouble: { type: 'unreachable' } })
  })

  test('for want of an answer is given up after its time', () => {
    const drive = new Drive()
    drive.take({ type: 'connect' })
    expect(drive.wake()).toEqual(['drop-socket'])
    expect(drive.state).toMatchObject({ phase: 'waiting', trouble: { type: 'timed-out' } })
  })
})

describe('backoff', () => {
  test('has full jitter below a ceiling that doubles from 500 ms to 20 s', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 100].map((attempt) => backoffMs(attempt, 1))).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000,
    ])
    expect(backoffMs(3, 0)).toBe(0)
  })

  test('grows over failures', () => {
    const drive = new Drive()
    drive.random = 1
    drive.take({ type: 'connect' })
    const waits = [1, 2, 3].map(() => {
      drive.close(1006)
      const wait = (wakeAtMs(drive.state) ?? 0) - drive.nowMs
      drive.wake()
      return wait
    })
    expect(waits).toEqual([500, 1_000, 2_000])
  })

  test('starts anew after a connection that lasted, and not after one that broke at once', () => {
    const drive = new Drive()
    drive.take({ type: 'connect' })
    for (let i = 0; i < 3; i++) {
      drive.close(1006)
      drive.wake()
    }
    drive.take({ type: 'socket-opened' })
    const { state } = drive
    drive.close(1013)
    expect(drive.state).toMatchObject({ phase: 'waiting', attempt: 4 })

    drive.state = state
    drive.nowMs += 60_000
    drive.close(1013)
    expect(drive.state).toMatchObject({ phase: 'waiting', attempt: 1 })
  })

  test('is cut short when the network is back or the page is looked at', () => {
    const drive = new Drive().open()
    drive.close(1006)
    expect(drive.take({ type: 'hurry' })).toEqual(['open-socket'])
    expect(new Drive().open().take({ type: 'hurry' })).toEqual([])
    expect(new Drive().take({ type: 'hurry' })).toEqual([])
  })

  test('is not cut short by a timer that fires early', () => {
    const drive = new Drive().open()
    drive.close(1006)
    expect(drive.take({ type: 'woken' })).toEqual([])
    expect(drive.state.phase).toBe('waiting')
  })
})
