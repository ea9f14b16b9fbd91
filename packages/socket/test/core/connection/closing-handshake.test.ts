import type { Role } from '@wigwag/socket/core'
import {
  ConnectionPair,
  closePayload,
  concatBytes,
  type FrameSpec,
  frameBytes,
  openConnection,
  TEST_MASK,
  type TestConnection,
} from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'

const roles: readonly Role[] = ['client', 'server']

/** A frame as the peer of `role` sends it. */
function fromPeer(role: Role, spec: FrameSpec): Uint8Array {
  return frameBytes(role === 'server' ? { ...spec, mask: TEST_MASK } : spec)
}

const closeFrom = (role: Role, payload?: Uint8Array): Uint8Array =>
  fromPeer(role, { opcode: 8, ...(payload && { payload }) })

const typesOf = ({ sink }: TestConnection): string[] => sink.events.map(({ type }) => type)

describe.each(roles)('§5.5.1 a %s answers a Close frame', (role) => {
  test.each([1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999])('with the code that came: %i', (code) => {
    const our = openConnection(role)
    our.connection.receive(closeFrom(role, closePayload(code, 'bye')), 0)
    expect(our.sink.takeFrames()).toMatchObject([{ opcode: 8, masked: role === 'client', payload: closePayload(code) }])
    expect(our.sink.events[0]).toEqual({ type: 'closing', close: { code, reason: 'bye' } })
    our.connection.receiveEnd(0)
    expect(our.sink.outcome).toEqual({ code, reason: 'bye', clean: true, error: undefined })
  })

  test('with the reason that came as well when it is told to (echoCloseReason)', () => {
    const our = openConnection(role, { echoCloseReason: true })
    our.connection.receive(closeFrom(role, closePayload(1001, 'bye')), 0)
    expect(our.sink.takeFrames()).toMatchObject([{ opcode: 8, payload: closePayload(1001, 'bye') }])
    const other = openConnection(role, { echoCloseReason: true })
    other.connection.receive(closeFrom(role), 0)
    expect(other.sink.takeFrames()).toMatchObject([{ opcode: 8, payload: new Uint8Array(0) }])
  })

  test('without a code when none came, and tells 1005 (§7.1.5)', () => {
    const our = openConnection(role)
    our.connection.receive(closeFrom(role), 0)
    expect(our.sink.takeFrames()).toMatchObject([{ opcode: 8, payload: new Uint8Array(0) }])
    our.connection.receiveEnd(0)
    expect(our.sink.outcome).toEqual({ code: 1005, reason: '', clean: true, error: undefined })
  })

  test.each([0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535])(
    'code %i, which must not be sent: 1002',
    (code) => {
      const our = openConnection(role)
      our.connection.receive(closeFrom(role, closePayload(code)), 0)
      expect(our.sink.takeFrames()[0]?.payload.slice(0, 2)).toEqual(closePayload(1002))
      our.connection.receiveEnd(0)
      expect(our.sink.outcome).toMatchObject({ code: 1002, clean: false, error: { code: 'ERR_CLOSE_CODE' } })
    },
  )

  test.each([
    ['one byte of payload: 1002', Uint8Array.of(3), 1002, 'ERR_CLOSE_PAYLOAD'],
    ['a reason that is not UTF-8: 1007', Uint8Array.of(3, 0xe8, 0xc0, 0x80), 1007, 'ERR_CLOSE_REASON'],
  ])('%s', (_name, payload, code, error) => {
    const our = openConnection(role)
    our.connection.receive(closeFrom(role, payload), 0)
    expect(our.sink.takeFrames()[0]?.payload.slice(0, 2)).toEqual(closePayload(code))
    our.connection.receiveEnd(0)
    expect(our.sink.outcome).toMatchObject({ code, clean: false, error: { code: error } })
  })

  test('and ignores whatever comes behind it, in the same chunk or later', () => {
    const our = openConnection(role)
    const rest = [fromPeer(role, { opcode: 1, payload: 'late' }), Uint8Array.of(0xff, 0xff, 0xff)]
    our.connection.receive(concatBytes(closeFrom(role, closePayload(1000)), ...rest), 0)
    for (const chunk of rest) our.connection.receive(chunk, 0)
    expect(our.sink.messages).toEqual([])
    expect(our.sink.takeFrames()).toHaveLength(1)
    our.connection.receiveEnd(0)
    expect(our.sink.outcome).toMatchObject({ code: 1000, clean: true })
  })

  test('in the middle of a fragmented message, which is then dropped', () => {
    const our = openConnection(role)
    our.connection.receive(fromPeer(role, { opcode: 1, fin: false, payload: 'half' }), 0)
    our.connection.receive(closeFrom(role, closePayload(1001)), 0)
    our.connection.receiveEnd(0)
    expect(our.sink.messages).toEqual([])
    expect(our.sink.outcome).toMatchObject({ code: 1001, clean: true })
  })
})

describe('§7.1.1 the server ends TCP first', () => {
  test('as soon as both Close frames have passed; the client waits for it', () => {
    const [server, client] = [openConnection('server'), openConnection('client')]
    server.connection.receive(closeFrom('server', closePayload(1000)), 0)
    client.connection.receive(closeFrom('client', closePayload(1000)), 0)
    expect(typesOf(server)).toEqual(['closing', 'end'])
    expect(typesOf(client)).toEqual(['closing'])
  })

  test('also when the server began', () => {
    const server = openConnection('server')
    server.connection.close(1001, 'bye')
    expect(typesOf(server)).toEqual(['closing'])
    server.connection.receive(closeFrom('server', closePayload(1001)), 0)
    expect(typesOf(server)).toEqual(['closing', 'end'])
  })
})

describe.each(roles)('§7.1.2 a %s that starts the closing handshake', (role) => {
  test('sends a Close frame, tells that it is closing and sends nothing any more', () => {
    const our = openConnection(role)
    our.connection.close(4000, 'done')
    expect(our.sink.takeFrames()).toMatchObject([{ opcode: 8, payload: closePayload(4000, 'done') }])
    expect(our.sink.events).toEqual([{ type: 'closing', close: { code: 4000, reason: 'done' } }])
    expect(our.connection.phase).toBe('closing')
    expect([our.connection.send('x'), our.connection.ping(), our.connection.pong()]).toEqual([false, false, false])
    our.connection.close(4001)
    expect(our.sink.takeFrames()).toEqual([])
  })

  test('without arguments sends no code', () => {
    const our = openConnection(role)
    our.connection.close()
    expect(our.sink.takeFrames()).toMatchObject([{ opcode: 8, payload: new Uint8Array(0) }])
  })

  test.each([999, 1004, 1006, 1015, 5000])('refuses code %i and stays open', (code) => {
    const our = openConnection(role)
    expect(() => our.connection.close(code)).toThrow(expect.objectContaining({ code: 'ERR_CLOSE_CODE' }))
    expect(() => our.connection.close(1000, 'x'.repeat(124))).toThrow(
      expect.objectContaining({ code: 'ERR_CLOSE_REASON' }),
    )
    expect(our.connection.phase).toBe('open')
    expect(our.sink.takeFrames()).toEqual([])
  })

  test('still tells what the peer sent before its own Close frame, and answers its pings (§5.5.2)', () => {
    const our = openConnection(role)
    our.connection.close(1000)
    our.sink.takeFrames()
    our.connection.receive(fromPeer(role, { opcode: 1, payload: 'under way' }), 0)
    our.connection.receive(fromPeer(role, { opcode: 9, payload: 'p' }), 0)
    expect(our.sink.messages).toEqual(['under way'])
    expect(our.sink.takeFrames()).toMatchObject([{ opcode: 10 }])
  })

  test("ends clean with the peer's code", () => {
    const our = openConnection(role)
    our.connection.close(1000)
    our.connection.receive(closeFrom(role, closePayload(1001, 'too')), 0)
    our.connection.receiveEnd(0)
    expect(our.sink.outcome).toEqual({ code: 1001, reason: 'too', clean: true, error: undefined })
  })

  test('sends no second Close frame when the peer answers wrongly', () => {
    const our = openConnection(role)
    our.connection.close(1000)
    our.sink.takeFrames()
    our.connection.receive(fromPeer(role, { opcode: 3 }), 0)
    expect(our.sink.takeFrames()).toEqual([])
    expect(typesOf(our)).toEqual(['closing', 'end'])
    our.connection.receiveEnd(0)
    expect(our.sink.outcome).toMatchObject({ code: 1002, clean: false, error: { code: 'ERR_FRAME_RESERVED_OPCODE' } })
  })

  test('ends with 1006 when the peer only hangs up (§7.1.5)', () => {
    const our = openConnection(role)
    our.connection.close(1000)
    our.connection.receiveEnd(0)
    expect(our.sink.outcome).toEqual({ code: 1006, reason: '', clean: false, error: undefined })
  })
})

test('§7.1.2 a client and a server close together', () => {
  for (const starter of roles) {
    const pair = new ConnectionPair()
    pair[starter].connection.close(1000, 'bye')
    pair.settle()
    const other = starter === 'client' ? 'server' : 'client'
    expect(pair[other].sink.outcome).toEqual({ code: 1000, reason: 'bye', clean: true, error: undefined })
    expect(pair[starter].sink.outcome).toEqual({ code: 1000, reason: '', clean: true, error: undefined })
  }
})

test('§7.1.2 both start at the same moment: both end clean', () => {
  const pair = new ConnectionPair()
  pair.client.connection.close(4001, 'client')
  pair.server.connection.close(4002, 'server')
  pair.settle()
  expect(pair.client.sink.outcome).toEqual({ code: 4002, reason: 'server', clean: true, error: undefined })
  expect(pair.server.sink.outcome).toEqual({ code: 4001, reason: 'client', clean: true, error: undefined })
})

describe('§7.1.1 a client waits for the server to end the transport', () => {
  test.each([
    [false, ['closing']],
    [true, ['closing', 'end']],
  ])('unless it is told not to (clientEndsTransport: %s)', (clientEndsTransport, told) => {
    const our = openConnection('client', { clientEndsTransport })
    our.connection.close(1000)
    our.connection.receive(closeFrom('client', closePayload(1000)), 0)
    expect(typesOf(our)).toEqual(told)
    our.connection.receiveEnd(0)
    expect(our.sink.outcome).toMatchObject({ code: 1000, clean: true })
  })
})
