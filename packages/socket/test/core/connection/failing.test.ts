import { ProtocolError, type Role, TransportError, WigwagError } from '@wigwag/socket/core'
import {
  closePayload,
  concatBytes,
  type FrameSpec,
  frameBytes,
  openConnection,
  TEST_MASK,
  textBytes,
} from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'

const roles: readonly Role[] = ['client', 'server']

function fromPeer(role: Role, spec: FrameSpec): Uint8Array {
  return frameBytes(role === 'server' ? { ...spec, mask: TEST_MASK } : spec)
}

describe.each(roles)('§7.1.7 a %s fails the connection', (role) => {
  test.each([
    ['a reserved opcode', { opcode: 3 }, 1002, 'ERR_FRAME_RESERVED_OPCODE'],
    ['a reserved bit', { opcode: 1, rsv: 4 }, 1002, 'ERR_FRAME_RESERVED_BITS'],
    ['a fragmented control frame', { opcode: 9, fin: false }, 1002, 'ERR_FRAME_CONTROL_FRAGMENTED'],
    ['a control frame of 126 bytes', { opcode: 9, payload: new Uint8Array(126) }, 1002, 'ERR_FRAME_CONTROL_TOO_LARGE'],
    ['a length in a longer form', { opcode: 1, payload: 'x', lengthForm: 64 }, 1002, 'ERR_FRAME_LENGTH'],
    ['text that is not UTF-8', { opcode: 1, payload: Uint8Array.of(0xff) }, 1007, 'ERR_MESSAGE_UTF8'],
    ['too large a message', { opcode: 2, claimedLength: 2n ** 40n }, 1009, 'ERR_FRAME_TOO_LARGE'],
  ] as const)('for %s', (_name, spec, closeCode, code) => {
    const our = openConnection(role)
    our.connection.receive(fromPeer(role, spec), 0)
    const [close] = our.sink.takeFrames()
    expect(close).toMatchObject({ opcode: 8, masked: role === 'client' })
    expect(close?.payload.slice(0, 2)).toEqual(closePayload(closeCode))
    expect(our.sink.events.map(({ type }) => type)).toEqual(['closing', 'end'])
    our.connection.receiveEnd(0)
    expect(our.sink.outcome).toMatchObject({ code: closeCode, clean: false, error: { code } })
    expect(our.sink.outcome?.error).toBeInstanceOf(ProtocolError)
  })

  test('for masking that is wrong for its role (§5.1)', () => {
    const our = openConnection(role)
    our.connection.receive(fromPeer(role === 'server' ? 'client' : 'server', { opcode: 1, payload: 'x' }), 0)
    our.connection.receiveEnd(0)
    expect(our.sink.outcome).toMatchObject({ code: 1002, error: { code: 'ERR_FRAME_MASKING' } })
    expect(our.sink.messages).toEqual([])
  })

  test('and reads nothing more from the peer, not even its Close frame', () => {
    const our = openConnection(role)
    const bytes = concatBytes(fromPeer(role, { opcode: 3 }), fromPeer(role, { opcode: 1, payload: 'late' }))
    our.connection.receive(bytes, 0)
    our.connection.receive(fromPeer(role, { opcode: 8, payload: closePayload(1000) }), 0)
    expect(our.sink.messages).toEqual([])
    expect(our.sink.takeFrames()).toHaveLength(1)
    our.connection.receiveEnd(0)
    expect(our.sink.outcome).toMatchObject({ code: 1002, clean: false })
  })

  test('what came before the fault in the same chunk has been told', () => {
    const our = openConnection(role)
    our.connection.receive(
      concatBytes(fromPeer(role, { opcode: 1, payload: 'good' }), fromPeer(role, { opcode: 3 })),
      0,
    )
    expect(our.sink.messages).toEqual(['good'])
  })

  test('the close reason is the message of the error, cut to what fits (§5.5)', () => {
    const our = openConnection(role)
    our.connection.receive(fromPeer(role, { opcode: 3 }), 0)
    const reason = new TextDecoder().decode(our.sink.takeFrames()[0]?.payload.slice(2))
    our.connection.receiveEnd(0)
    expect(our.sink.outcome?.error?.message.startsWith(reason)).toBe(true)
    expect(textBytes(reason)).toHaveLength(123)
  })

  test('at the word of its driver, once, with any code that can be sent', () => {
    const our = openConnection(role)
    const error = new WigwagError('ERR_SLOW_READER', 'Too slow')
    our.connection.fail(error, 1013)
    our.connection.fail(new WigwagError('ERR_STATE', 'Again'), 1011)
    expect(our.sink.takeFrames()).toMatchObject([{ opcode: 8, payload: closePayload(1013, 'Too slow') }])
    our.connection.receiveEnd(0)
    our.connection.fail(error, 1013)
    expect(our.sink.outcome).toEqual({ code: 1013, reason: 'Too slow', clean: false, error })
  })

  test('without a Close frame for a code that must not be sent (§7.4.1)', () => {
    const our = openConnection(role)
    our.connection.fail(new WigwagError('ERR_STATE', 'Gone'), 1006)
    expect(our.sink.takeFrames()).toEqual([])
    expect(our.sink.events.map(({ type }) => type)).toEqual(['closing', 'end'])
  })

  test('no longer once both Close frames have passed', () => {
    const our = openConnection(role)
    our.connection.receive(fromPeer(role, { opcode: 8, payload: closePayload(1000) }), 0)
    our.connection.fail(new WigwagError('ERR_STATE', 'Late'), 1011)
    our.connection.receiveEnd(0)
    expect(our.sink.outcome).toMatchObject({ code: 1000, clean: true })
  })
})

describe.each(roles)('§7.1.5 a %s whose transport ends', (role) => {
  test('by FIN without a Close frame: 1006', () => {
    const our = openConnection(role)
    our.connection.receiveEnd(0)
    expect(our.sink.events).toEqual([
      { type: 'closing', close: expect.objectContaining({ code: 1006 }) },
      { type: 'closed', outcome: { code: 1006, reason: '', clean: false, error: undefined } },
    ])
    expect(our.connection.deadlineMs).toBe(Infinity)
  })

  test('by an error: 1006, with the error and its cause', () => {
    const our = openConnection(role)
    const cause = new Error('read ECONNRESET')
    our.connection.receiveError(cause, 0)
    expect(our.sink.outcome).toMatchObject({ code: 1006, clean: false })
    expect(our.sink.outcome?.error).toBeInstanceOf(TransportError)
    expect(our.sink.outcome?.error).toMatchObject({ code: 'ERR_TRANSPORT', cause })
    expect(our.sink.outcome?.error?.message).toContain('read ECONNRESET')
  })

  test('by an error behind both Close frames: clean all the same', () => {
    const our = openConnection(role)
    our.connection.receive(fromPeer(role, { opcode: 8, payload: closePayload(1000) }), 0)
    our.connection.receiveError(new Error('read ECONNRESET'), 0)
    expect(our.sink.outcome).toEqual({ code: 1000, reason: '', clean: true, error: undefined })
  })

  test('by our own terminate: destroyed, 1006, and no Close frame', () => {
    const our = openConnection(role)
    our.connection.terminate()
    our.connection.terminate()
    expect(our.sink.events.map(({ type }) => type)).toEqual(['destroy', 'closing', 'closed'])
    expect(our.sink.takeFrames()).toEqual([])
    expect(our.sink.outcome).toMatchObject({ code: 1006, clean: false })
  })

  test('is told once, and nothing afterwards changes or says anything', () => {
    const our = openConnection(role)
    our.connection.receiveEnd(0)
    const told = our.sink.events.length
    our.connection.receive(fromPeer(role, { opcode: 1, payload: 'late' }), 1)
    our.connection.receiveEnd(2)
    our.connection.receiveError(new Error('late'), 3)
    our.connection.tick(1e9)
    our.connection.close(1000)
    our.connection.resume()
    expect([our.connection.send('x'), our.connection.ping(), our.connection.pong()]).toEqual([false, false, false])
    expect(our.sink.events).toHaveLength(told)
    expect(our.sink.takeFrames()).toEqual([])
    expect(our.connection.phase).toBe('closed')
  })
})
