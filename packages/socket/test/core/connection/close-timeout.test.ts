import { closePayload, frameBytes, openConnection, TEST_MASK, type TestConnection } from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'

const types = ({ sink }: TestConnection): string[] => sink.events.map(({ type }) => type)

/** Lets time pass in steps of a coarse clock, waking the connection as a driver does. */
function pass({ connection, clock }: TestConnection, milliseconds: number): void {
  for (let left = milliseconds; left > 0; left -= 10) {
    clock.advance(10)
    if (clock.nowMs >= connection.deadlineMs) connection.tick(clock.nowMs)
  }
}

describe('§7.1.1 the closing handshake may take closeTimeoutMs', () => {
  test('a peer that does not answer our Close frame is dropped then', () => {
    const our = openConnection('client', { closeTimeoutMs: 3000 })
    our.connection.close(1000)
    pass(our, 2900)
    expect(types(our)).toEqual(['closing'])
    pass(our, 200)
    expect(types(our)).toEqual(['closing', 'destroy', 'closed'])
    expect(our.sink.outcome).toEqual({ code: 1006, reason: '', clean: false, error: undefined })
    expect(our.connection.deadlineMs).toBe(Infinity)
  })

  test('it counts from the close, however long nothing had happened before', () => {
    const our = openConnection('client', { closeTimeoutMs: 3000, pingIntervalMs: 25_000 })
    our.clock.advance(20_000)
    our.connection.close(1000)
    expect(our.connection.deadlineMs, 'wants to be told the time').toBeLessThanOrEqual(our.clock.nowMs)
    pass(our, 2900)
    expect(types(our)).toEqual(['closing'])
    pass(our, 200)
    expect(our.connection.phase).toBe('closed')
  })

  test('a server that does not hang up on a client drops out of it clean: both Close frames have passed', () => {
    const client = openConnection('client', { closeTimeoutMs: 3000 })
    client.connection.receive(frameBytes({ opcode: 8, payload: closePayload(1001) }), 0)
    pass(client, 3100)
    expect(types(client)).toEqual(['closing', 'destroy', 'closed'])
    expect(client.sink.outcome).toEqual({ code: 1001, reason: '', clean: true, error: undefined })
  })

  test('a peer at fault that does not hang up is dropped with the code of its fault', () => {
    const server = openConnection('server', { closeTimeoutMs: 3000 })
    server.connection.receive(frameBytes({ opcode: 3, mask: TEST_MASK }), 0)
    pass(server, 3100)
    expect(types(server)).toEqual(['closing', 'end', 'destroy', 'closed'])
    expect(server.sink.outcome).toMatchObject({ code: 1002, clean: false })
  })

  test('ticks that come early do nothing', () => {
    const our = openConnection('client', { closeTimeoutMs: 3000 })
    our.connection.close(1000)
    for (const nowMs of [0, 1, 2999]) our.connection.tick(nowMs)
    expect(types(our)).toEqual(['closing'])
    our.connection.tick(3000)
    expect(our.connection.phase).toBe('closed')
  })

  test('chatter does not put it off', () => {
    const server = openConnection('server', { closeTimeoutMs: 3000 })
    server.connection.close(1000)
    for (let i = 0; i < 31; i++) {
      pass(server, 100)
      server.connection.receive(frameBytes({ opcode: 1, payload: 'on and on', mask: TEST_MASK }), server.clock.nowMs)
    }
    expect(server.connection.phase).toBe('closed')
  })
})
