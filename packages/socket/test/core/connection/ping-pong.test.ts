import type { Role } from '@wigwag/socket/core'
import {
  concatBytes,
  frameBytes,
  openConnection,
  TEST_MASK,
  type TestConnection,
  textBytes,
} from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'
import { ControlBudget } from '../../../src/core/connection/control-budget.ts'

const roles: readonly Role[] = ['client', 'server']

function hear(
  { connection, clock }: TestConnection,
  role: Role,
  opcode: number,
  payload: string | Uint8Array = '',
): void {
  connection.receive(frameBytes({ opcode, payload, ...(role === 'server' && { mask: TEST_MASK }) }), clock.nowMs)
}

describe.each(roles)('§5.5.2 a %s', (role) => {
  test.each([0, 1, 125])('answers a ping of %i bytes with a pong that carries the same, then tells it', (size) => {
    const our = openConnection(role)
    const payload = new Uint8Array(size).fill(0x70)
    hear(our, role, 9, payload)
    expect(our.sink.takeFrames()).toMatchObject([{ opcode: 10, fin: true, masked: role === 'client', payload }])
    expect(our.sink.events).toEqual([{ type: 'ping', payload }])
  })

  test('with autoPong off only tells a ping, and the application answers', () => {
    const our = openConnection(role, { autoPong: false })
    hear(our, role, 9, 'p')
    expect(our.sink.takeFrames()).toEqual([])
    expect(our.sink.events).toEqual([{ type: 'ping', payload: textBytes('p') }])
    our.connection.pong(textBytes('p'))
    expect(our.sink.takeFrames()).toMatchObject([{ opcode: 10, payload: textBytes('p') }])
  })

  test('§5.5.3 tells a pong, asked for or not, and does not answer it', () => {
    const our = openConnection(role)
    hear(our, role, 10, 'unasked')
    expect(our.sink.events).toEqual([{ type: 'pong', payload: textBytes('unasked') }])
    expect(our.sink.takeFrames()).toEqual([])
  })

  test.each([
    ['ping', 9],
    ['pong', 10],
  ] as const)('sends a %s with up to 125 bytes, and refuses more', (name, opcode) => {
    const our = openConnection(role)
    expect(our.connection[name]()).toBe(true)
    expect(our.connection[name](new Uint8Array(125))).toBe(true)
    expect(our.sink.takeFrames()).toMatchObject([{ opcode }, { opcode }])
    expect(() => our.connection[name](new Uint8Array(126))).toThrow(
      expect.objectContaining({ code: 'ERR_CONTROL_PAYLOAD', name: 'UsageError' }),
    )
    expect(our.sink.takeFrames()).toEqual([])
  })

  test('§5.5.3 leaves pongs out for a peer that does not read, and takes them up again', () => {
    const our = openConnection(role)
    our.sink.bufferedAmount = 2 * 1024 * 1024 + 1
    hear(our, role, 9, 'a')
    expect(our.sink.takeFrames()).toEqual([])
    expect(our.sink.events, 'the application hears of it all the same').toHaveLength(1)
    our.sink.bufferedAmount = 2 * 1024 * 1024
    hear(our, role, 9, 'b')
    expect(our.sink.takeFrames()).toMatchObject([{ opcode: 10, payload: textBytes('b') }])
  })

  test('the payload of a control frame is the sink’s to keep, whatever becomes of the chunk', () => {
    const our = openConnection(role)
    const chunk = frameBytes({ opcode: 9, payload: 'kept', ...(role === 'server' && { mask: TEST_MASK }) })
    our.connection.receive(chunk, 0)
    chunk.fill(0)
    expect(our.sink.events).toEqual([{ type: 'ping', payload: textBytes('kept') }])
  })
})

describe('a flood of control frames', () => {
  test.each([8, 9, 10])('of opcode 0x%x: one more than the limit within a second fails with 1008', (opcode) => {
    const server = openConnection('server', { maxControlFramesPerSecond: 3 })
    for (let i = 0; i < 3; i++) hear(server, 'server', 9)
    expect(server.connection.phase).toBe('open')
    hear(server, 'server', opcode)
    server.connection.receiveEnd(0)
    expect(server.sink.outcome).toMatchObject({ code: 1008, clean: false, error: { code: 'ERR_CONTROL_FLOOD' } })
    expect(server.sink.events.filter(({ type }) => type === 'ping')).toHaveLength(3)
  })

  test('in one chunk is answered up to the limit only', () => {
    const server = openConnection('server')
    const flood = Array.from({ length: 10_000 }, () => frameBytes({ opcode: 9, mask: TEST_MASK }))
    server.connection.receive(concatBytes(...flood), 0)
    const frames = server.sink.takeFrames()
    expect(frames.filter(({ opcode }) => opcode === 10)).toHaveLength(256)
    expect(frames.at(-1)).toMatchObject({ opcode: 8 })
  })

  test('spread over time does no harm', () => {
    const server = openConnection('server', { maxControlFramesPerSecond: 3 })
    for (let i = 0; i < 30; i++) {
      hear(server, 'server', 9)
      server.clock.advance(334)
    }
    expect(server.connection.phase).toBe('open')
  })

  test('messages are not counted', () => {
    const server = openConnection('server', { maxControlFramesPerSecond: 1 })
    for (let i = 0; i < 1000; i++) hear(server, 'server', 1, 'm')
    expect(server.sink.messages).toHaveLength(1000)
  })

  test('the budget is per second, from the first frame of that second on', () => {
    const budget = new ControlBudget(2)
    expect([0, 999, 999].map((nowMs) => budget.take(nowMs))).toEqual([true, true, false])
    expect([1000, 1500, 1999].map((nowMs) => budget.take(nowMs))).toEqual([true, true, false])
  })
})
