import { Opcode } from '@wigwag/socket/core'
import {
  concatBytes,
  type FrameSpec,
  frameBytes,
  openConnection,
  type TestConnection,
  textBytes,
} from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'
import '../support/byte-equality.ts'

const { continuation, text, binary, ping } = Opcode

/** Gives an unmasked frame to a client. */
function hear({ connection, clock }: TestConnection, ...specs: FrameSpec[]): void {
  for (const spec of specs) connection.receive(frameBytes(spec), clock.nowMs)
}

/** Gives bytes cut into chunks of `size`. */
function hearInChunks({ connection }: TestConnection, bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) connection.receive(bytes.slice(at, at + size), 0)
}

const fragment = (opcode: number, payload: string | Uint8Array, fin = false): FrameSpec => ({ opcode, payload, fin })

describe('§5.4 fragmentation', () => {
  test('fragments make one message, whatever their number and size', () => {
    const client = openConnection('client')
    hear(client, fragment(text, 'Hel'), fragment(continuation, ''), fragment(continuation, 'lo'))
    expect(client.sink.events).toEqual([])
    hear(client, fragment(continuation, '!', true))
    expect(client.sink.events).toEqual([{ type: 'message', data: 'Hello!', messageType: 'text' }])
  })

  test.each([
    ['text', text, ''],
    ['binary', binary, new Uint8Array(0)],
  ])('an empty %s message, whole or in empty fragments', (_type, opcode, expected) => {
    const client = openConnection('client')
    hear(client, { opcode }, fragment(opcode, ''), fragment(continuation, '', true))
    expect(client.sink.messages).toEqual([expected, expected])
  })

  test('control frames may come between fragments, and are told at once', () => {
    const client = openConnection('client')
    hear(client, fragment(text, 'one '), { opcode: ping, payload: 'p' }, fragment(continuation, 'message', true))
    expect(client.sink.events).toEqual([
      { type: 'ping', payload: textBytes('p') },
      { type: 'message', data: 'one message', messageType: 'text' },
    ])
  })

  test.each([1, 2, 3, 7])('control frames between fragments, in chunks of %i bytes', (size) => {
    const client = openConnection('client')
    const stream = concatBytes(
      ...[
        fragment(binary, 'ab'),
        { opcode: ping, payload: '12345' },
        fragment(continuation, 'cd'),
        { opcode: ping },
      ].map((spec) => frameBytes(spec)),
      frameBytes(fragment(continuation, 'ef', true)),
    )
    hearInChunks(client, stream, size)
    expect(client.sink.events).toEqual([
      { type: 'ping', payload: textBytes('12345') },
      { type: 'ping', payload: new Uint8Array(0) },
      { type: 'message', data: textBytes('abcdef'), messageType: 'binary' },
    ])
  })

  test('a continuation without a message in progress: 1002', () => {
    for (const fin of [true, false]) {
      const client = openConnection('client')
      hear(client, fragment(continuation, 'x', fin))
      expect(client.sink.takeFrames()).toMatchObject([{ opcode: 8, payload: { 0: 0x03, 1: 0xea } }])
      client.connection.receiveEnd(0)
      expect(client.sink.outcome).toMatchObject({ code: 1002, error: { code: 'ERR_MESSAGE_UNEXPECTED_CONTINUATION' } })
    }
  })

  test('a continuation behind a whole message: 1002', () => {
    const client = openConnection('client')
    hear(client, fragment(text, 'a'), fragment(continuation, 'b', true), fragment(continuation, 'c', true))
    client.connection.receiveEnd(0)
    expect(client.sink.messages).toEqual(['ab'])
    expect(client.sink.outcome).toMatchObject({ error: { code: 'ERR_MESSAGE_UNEXPECTED_CONTINUATION' } })
  })

  test.each([text, binary])('opcode %i while another message is in progress: 1002', (opcode) => {
    const client = openConnection('client')
    hear(client, fragment(text, 'a'), { opcode, payload: 'b' })
    client.connection.receiveEnd(0)
    expect(client.sink.messages).toEqual([])
    expect(client.sink.outcome).toMatchObject({ code: 1002, error: { code: 'ERR_MESSAGE_INTERLEAVED' } })
  })
})

describe('§10.4 limits are judged on the header, before the payload', () => {
  /** What a client with these options says to a header without its payload. */
  const judge = (options: object, ...specs: FrameSpec[]): unknown => {
    const client = openConnection('client', options)
    hear(client, ...specs)
    client.connection.receiveEnd(0)
    const { error, code } = client.sink.outcome as { error: { code: string } | undefined; code: number }
    return [code, error?.code]
  }
  const announce = (opcode: number, bytes: number, fin = true): FrameSpec => ({
    opcode,
    fin,
    claimedLength: BigInt(bytes),
  })

  test('a message of exactly maxMessageBytes passes, whole or in fragments', () => {
    const client = openConnection('client', { maxMessageBytes: 4 })
    hear(client, { opcode: binary, payload: 'abcd' }, fragment(text, 'ab'), fragment(continuation, 'cd', true))
    expect(client.sink.messages).toEqual([textBytes('abcd'), 'abcd'])
  })

  test('one byte more: 1009 on the header of the only frame', () => {
    expect(judge({ maxMessageBytes: 4, maxFrameBytes: 100 }, announce(text, 5))).toEqual([
      1009,
      'ERR_MESSAGE_TOO_LARGE',
    ])
  })

  test('maxFrameBytes is maxMessageBytes unless it is given', () => {
    expect(judge({ maxMessageBytes: 4 }, announce(text, 5))).toEqual([1009, 'ERR_FRAME_TOO_LARGE'])
    expect(judge({ maxFrameBytes: 4 }, announce(text, 5))).toEqual([1009, 'ERR_FRAME_TOO_LARGE'])
  })

  test('one byte more in all fragments together: 1009 on the header of the fragment that makes it so', () => {
    const client = openConnection('client', { maxMessageBytes: 4 })
    hear(client, fragment(text, 'abc'), { ...announce(continuation, 2, false) })
    expect(client.connection.phase).toBe('closing')
    client.connection.receiveEnd(0)
    expect(client.sink.outcome).toMatchObject({ code: 1009, error: { code: 'ERR_MESSAGE_TOO_LARGE' } })
  })

  test('the message names both numbers', () => {
    const client = openConnection('client', { maxMessageBytes: 4, maxFrameBytes: 100 })
    hear(client, announce(text, 99))
    client.connection.receiveEnd(0)
    expect(client.sink.outcome?.error?.message).toContain('at least 99 bytes; maxMessageBytes is 4')
  })

  test('as many fragments as maxFragments pass; one more: 1008 on its header', () => {
    const three = [fragment(text, 'a'), fragment(continuation, 'b'), fragment(continuation, 'c', true)]
    expect(judge({ maxFragments: 3 }, ...three)).toEqual([1006, undefined])
    expect(judge({ maxFragments: 2 }, ...three.slice(0, 2), announce(continuation, 1))).toEqual([
      1008,
      'ERR_MESSAGE_TOO_MANY_FRAGMENTS',
    ])
  })

  test('empty fragments count, so that they cannot come for ever; each message counts anew', () => {
    const client = openConnection('client', { maxFragments: 2 })
    for (let i = 0; i < 3; i++) hear(client, fragment(text, ''), fragment(continuation, '', true))
    expect(client.sink.messages).toEqual(['', '', ''])
    hear(client, fragment(text, ''), fragment(continuation, ''), fragment(continuation, ''))
    expect(client.connection.phase).toBe('closing')
  })
})

describe('§8.1 text', () => {
  const bad = Uint8Array.of(0x61, 0xff)
  const failure = (client: TestConnection): unknown => {
    client.connection.receiveEnd(0)
    return [client.sink.messages, client.sink.outcome?.code, client.sink.outcome?.error?.code]
  }

  test('a whole message that is not UTF-8: 1007', () => {
    const client = openConnection('client')
    hear(client, { opcode: text, payload: bad })
    expect(failure(client)).toEqual([[], 1007, 'ERR_MESSAGE_UTF8'])
  })

  test('bytes that are not UTF-8 fail as they arrive, while the message is still in progress', () => {
    const client = openConnection('client')
    hear(client, fragment(text, 'good '))
    const bytes = frameBytes({ opcode: continuation, fin: false, payload: concatBytes(bad, new Uint8Array(100)) })
    client.connection.receive(bytes.slice(0, 3), 0)
    expect(client.connection.phase).toBe('open')
    client.connection.receive(bytes.slice(3, 4), 0)
    expect(client.connection.phase).toBe('closing')
    expect(failure(client)).toEqual([[], 1007, 'ERR_MESSAGE_UTF8'])
  })

  test('a character may be split between fragments', () => {
    const client = openConnection('client')
    const bytes = textBytes('a€😀')
    for (let cut = 0; cut <= bytes.length; cut++) {
      hear(
        client,
        fragment(text, bytes.slice(0, cut)),
        { opcode: ping },
        fragment(continuation, bytes.slice(cut), true),
      )
    }
    expect(client.sink.messages).toEqual(Array(bytes.length + 1).fill('a€😀'))
  })

  test('a message must not end within a character', () => {
    const client = openConnection('client')
    hear(client, fragment(text, textBytes('€').slice(0, 1)), fragment(continuation, textBytes('€').slice(1, 2), true))
    expect(failure(client)).toEqual([[], 1007, 'ERR_MESSAGE_UTF8'])
  })

  test('ASCII within a cut character is refused even where ASCII needs no check', () => {
    const server = openConnection('server')
    const mask = [1, 2, 3, 4] as const
    hear(server, { ...fragment(text, textBytes('€').slice(0, 2)), mask }, { ...fragment(continuation, 'a'), mask })
    expect(failure(server)).toEqual([[], 1007, 'ERR_MESSAGE_UTF8'])
  })

  test('binary is not checked', () => {
    const client = openConnection('client')
    hear(client, { opcode: binary, payload: bad }, fragment(binary, bad), fragment(continuation, bad, true))
    expect(client.sink.messages).toEqual([bad, concatBytes(bad, bad)])
  })

  test("with utf8 'trust' text is not checked, whole or in fragments", () => {
    const client = openConnection('client', { utf8: 'trust', textAs: 'bytes' })
    hear(client, { opcode: text, payload: bad }, fragment(text, bad), fragment(continuation, bad, true))
    expect(client.sink.messages).toEqual([bad, concatBytes(bad, bad)])
  })

  test("with textAs 'bytes' text is checked, and told as its bytes", () => {
    const client = openConnection('client', { textAs: 'bytes' })
    hear(client, { opcode: text, payload: 'é' })
    expect(client.sink.events).toEqual([{ type: 'message', data: textBytes('é'), messageType: 'text' }])
    hear(client, { opcode: text, payload: bad })
    expect(client.connection.phase).toBe('closing')
  })
})
