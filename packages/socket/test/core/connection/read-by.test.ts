import { type ConnectionOptions, ConnectionProfile, type Role } from '@wigwag/socket/core'
import { concatBytes, type FrameSpec, frameBytes, openConnection, TEST_MASK } from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'

const roles: readonly Role[] = ['client', 'server']
const ports = { random: () => 0, randomKey: () => 0 }

describe.each(roles)('a %s whose limits change', (role) => {
  const profile = (options: ConnectionOptions): ConnectionProfile => new ConnectionProfile(role, options, ports)
  const fromPeer = (spec: FrameSpec): Uint8Array => frameBytes(role === 'server' ? { ...spec, mask: TEST_MASK } : spec)

  test('judges the next header by the new ones, and the other sockets of its profile go on as before', () => {
    const our = openConnection(role)
    const other = openConnection(role)
    our.connection.receive(fromPeer({ opcode: 1, payload: 'x'.repeat(11) }), 0)
    our.connection.readBy(profile({ maxMessageBytes: 10 }))
    for (const { connection } of [our, other]) connection.receive(fromPeer({ opcode: 1, payload: 'y'.repeat(11) }), 0)
    our.connection.receiveEnd(0)
    expect(our.sink.messages).toEqual(['x'.repeat(11)])
    expect(our.sink.outcome).toMatchObject({ code: 1009 })
    expect(other.sink.messages).toEqual(['y'.repeat(11)])
  })

  test('counts what came of a message before', () => {
    const our = openConnection(role)
    our.connection.receive(fromPeer({ opcode: 1, payload: 'xxxxxx', fin: false }), 0)
    our.connection.readBy(profile({ maxMessageBytes: 10 }))
    our.connection.receive(fromPeer({ opcode: 0, payload: 'yyyyy' }), 0)
    our.connection.receiveEnd(0)
    expect(our.sink.messages).toEqual([])
    expect(our.sink.outcome).toMatchObject({ code: 1009, error: { code: 'ERR_MESSAGE_TOO_LARGE' } })
  })

  test('may raise them between two messages of one chunk, from within', () => {
    const our = openConnection(role, { maxMessageBytes: 10 })
    const { message } = our.sink
    our.sink.message = (data, type) => {
      message.call(our.sink, data, type)
      our.connection.readBy(profile({ maxMessageBytes: 100 }))
    }
    our.connection.receive(
      concatBytes(fromPeer({ opcode: 1, payload: 'x' }), fromPeer({ opcode: 1, payload: 'y'.repeat(100) })),
      0,
    )
    expect(our.sink.messages).toEqual(['x', 'y'.repeat(100)])
  })
})
