import { runInNewContext } from 'node:vm'
import { PreparedMessage, type Role } from '@wigwag/socket/core'
import { ConnectionPair, openConnection, textBytes } from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'
import '../support/byte-equality.ts'
import { deflateChain } from '../support/test-deflate.ts'

const roles: readonly Role[] = ['client', 'server']

describe.each(roles)('§6.1 a %s sends', (role) => {
  test('text, bytes and prepared messages in order, and its peer hears them', () => {
    const pair = new ConnectionPair()
    const { connection } = pair[role]
    const sent = [
      'héllo',
      Uint8Array.of(1, 2, 3),
      '',
      new Uint8Array(0),
      'x'.repeat(70_000),
      new Uint8Array(70_000).fill(7),
    ]
    for (const message of sent) expect(connection.send(message)).toBe(true)
    for (const message of sent) expect(connection.send(new PreparedMessage(message))).toBe(true)
    pair.settle()
    expect(pair[role === 'client' ? 'server' : 'client'].sink.messages).toEqual([...sent, ...sent])
  })

  test('nothing once it is closing, and says so', () => {
    const our = openConnection(role)
    our.connection.close()
    our.sink.takeFrames()
    expect([our.connection.send('x'), our.connection.send(new PreparedMessage('x'))]).toEqual([false, false])
    our.connection.receiveEnd(0)
    expect(our.connection.send('x')).toBe(false)
    expect(our.sink.takeBytes()).toHaveLength(0)
  })

  test.each([
    ['a number', 64],
    ['undefined', undefined],
    ['null', null],
    ['an object', { length: 64 }],
    ['an array', [1, 2, 3]],
    ['a wider typed array', new Uint16Array(8)],
    ['a bare ArrayBuffer', new ArrayBuffer(8)],
  ])('no memory that nobody wrote: %s is refused by send, ping and pong', (_name, value) => {
    const our = openConnection(role)
    for (const act of ['send', 'ping', 'pong'] as const) {
      if (value === undefined && act !== 'send') continue
      expect(() => our.connection[act](value as never), act).toThrow(
        expect.objectContaining({ code: 'ERR_ARGUMENT', name: 'UsageError' }),
      )
    }
    expect(our.sink.takeBytes()).toHaveLength(0)
    expect(our.connection.send('still fine')).toBe(true)
    expect(our.sink.takeFrames()).toMatchObject([{ opcode: 1, payload: textBytes('still fine') }])
  })

  test('bytes of another realm are bytes all the same', () => {
    const our = openConnection(role)
    const foreign = runInNewContext('new Uint8Array([1, 2])') as Uint8Array
    expect([our.connection.send(foreign), our.connection.ping(foreign)]).toEqual([true, true])
    expect(our.sink.takeFrames().map(({ payload }) => [...payload])).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  test.each([
    ['a typed array', new Float32Array(20)],
    ['a number', 20],
    ['null', null],
  ])('a close reason is a string and nothing else: %s is refused', (_name, reason) => {
    const our = openConnection(role)
    expect(() => our.connection.close(1000, reason as never)).toThrow(
      expect.objectContaining({ code: 'ERR_CLOSE_REASON', name: 'UsageError' }),
    )
    expect(our.sink.takeBytes()).toHaveLength(0)
    expect(our.connection.phase).toBe('open')
  })
})

describe.each(roles)('§5.4 a %s sends a message in fragments', (role) => {
  test('the first names the type, the last has FIN, and control frames may stand between', () => {
    const our = openConnection(role)
    const parts = [our.connection.sendFragment('a', false), our.connection.ping()]
    parts.push(our.connection.sendFragment('', false), our.connection.sendFragment(Uint8Array.of(0x62), true))
    expect(parts).toEqual([true, true, true, true])
    our.connection.sendFragment(Uint8Array.of(1), true)
    expect(our.sink.takeFrames().map(({ opcode, fin }) => [opcode, fin])).toEqual([
      [1, false],
      [9, true],
      [0, false],
      [0, true],
      [2, true],
    ])
  })

  test('its peer hears one message, however large the fragments', () => {
    const pair = new ConnectionPair()
    const { connection } = pair[role]
    for (const size of [0, 10, 40_000, 70_000]) connection.sendFragment('x'.repeat(size), false)
    connection.sendFragment('end', true)
    connection.send('next')
    pair.settle()
    const heard = pair[role === 'client' ? 'server' : 'client'].sink.messages
    expect(heard).toEqual([`${'x'.repeat(110_010)}end`, 'next'])
  })

  test('another message between them is refused', () => {
    const our = openConnection(role)
    our.connection.sendFragment('a', false)
    expect(() => our.connection.send('b')).toThrow(expect.objectContaining({ code: 'ERR_STATE' }))
    our.connection.sendFragment('c', true)
    expect(our.connection.send('b')).toBe(true)
  })

  test('RFC 7692 §6.1: they are not compressed', () => {
    const our = openConnection(role, { extensions: deflateChain() })
    our.connection.sendFragment('a'.repeat(100), false)
    our.connection.sendFragment('a'.repeat(100), true)
    expect(our.sink.takeFrames().map(({ rsv }) => rsv)).toEqual([0, 0])
  })

  test('nothing once it is closing, and nothing but text and bytes', () => {
    const our = openConnection(role)
    expect(() => our.connection.sendFragment(5 as never, true)).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    )
    our.connection.close()
    expect(our.connection.sendFragment('a', true)).toBe(false)
  })
})

describe('§5.6 the type of a message may differ from what its data is', () => {
  test.each(roles)('a %s sends bytes that are UTF-8 as text, and text as binary', (role) => {
    const our = openConnection(role)
    our.connection.send(textBytes('héllo'), undefined, 'text')
    our.connection.send('héllo', undefined, 'binary')
    our.connection.send('plain', undefined, 'text')
    expect(our.sink.takeFrames()).toMatchObject([
      { opcode: 1, payload: textBytes('héllo') },
      { opcode: 2, payload: textBytes('héllo') },
      { opcode: 1, payload: textBytes('plain') },
    ])
  })

  test('with an extension in use, too', () => {
    const our = openConnection('server', { extensions: deflateChain() })
    our.connection.send(textBytes('a'.repeat(500)), true, 'text')
    our.connection.send('a'.repeat(500), true, 'binary')
    expect(our.sink.takeFrames()).toMatchObject([
      { opcode: 1, rsv: 4 },
      { opcode: 2, rsv: 4 },
    ])
  })

  test('§5.4 in fragments the first one says it', () => {
    const our = openConnection('server')
    our.connection.sendFragment(textBytes('a'), false, 'text')
    our.connection.sendFragment(textBytes('b'), true, 'text')
    our.connection.sendFragment('c', true, 'binary')
    expect(our.sink.takeFrames()).toMatchObject([{ opcode: 1 }, { opcode: 0 }, { opcode: 2 }])
  })
})
