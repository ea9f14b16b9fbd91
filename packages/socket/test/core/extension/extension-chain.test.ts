import {
  type ChainLink,
  CloseCode,
  ExtensionChain,
  type MessageCodec,
  ProtocolError,
  type ReservedBit,
} from '@wigwag/socket/core'
import { frameBytes, openConnection, TEST_MASK, type TestConnection, textBytes } from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'
import '../support/byte-equality.ts'

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** Writes its name in front of messages, and takes it away again. */
const naming = (name: string): MessageCodec => ({
  encode: (payload) => textBytes(name + text(payload)),
  decode: (payload) =>
    text(payload).startsWith(name)
      ? textBytes(text(payload).slice(name.length))
      : new ProtocolError('ERR_EXTENSION', `There is no ${name}.`, CloseCode.invalidPayload),
})

const chainOf = (...links: [ReservedBit, MessageCodec][]): ExtensionChain =>
  new ExtensionChain(links.map(([reservedBit, codec]): ChainLink => ({ reservedBit, codec })))

const fail = (): never => {
  throw new Error('it fails')
}

/** Hands out its input, and notes with which limit it was asked. */
const limitSpy = (limits: number[]): MessageCodec => ({
  encode: (payload) => payload,
  decode: (payload, maxBytes) => {
    limits.push(maxBytes)
    return payload
  },
})

describe('RFC 6455 §9.1 extensions work in the order of the answer', () => {
  const chain = chainOf([4, naming('a')], [2, naming('b')], [0, naming('c')])

  test('what is sent goes through the first one first, what comes through the last one first', () => {
    expect(text(chain.encode(textBytes('-x'), undefined))).toBe('cba-x')
    expect(chain.encodedBits).toBe(6)
    expect(text(chain.decode(textBytes('cba-x'), 6, 100) as Uint8Array)).toBe('-x')
  })

  test('only those whose reserved bit is set take part, and those without one always', () => {
    expect(text(chain.decode(textBytes('ca-x'), 4, 100) as Uint8Array)).toBe('-x')
    expect(text(chain.decode(textBytes('cb-x'), 2, 100) as Uint8Array)).toBe('-x')
    expect(text(chain.decode(textBytes('c-x'), 0, 100) as Uint8Array)).toBe('-x')
  })

  test('whoever leaves a message as it is leaves its bit unset', () => {
    const lazy: MessageCodec = { ...naming('l'), encode: (payload, compress) => (compress ? payload : undefined) }
    const partly = chainOf([4, lazy], [1, naming('n')])
    expect(text(partly.encode(textBytes('x'), false))).toBe('nx')
    expect(partly.encodedBits).toBe(1)
    partly.encode(textBytes('x'), true)
    expect(partly.encodedBits).toBe(5)
    expect(chainOf([4, lazy]).encode(textBytes('x'), undefined)).toEqual(textBytes('x'))
  })

  test('each is told the wish of the sender', () => {
    const wishes: unknown[] = []
    const codec: MessageCodec = {
      ...naming(''),
      encode: (payload, compress) => {
        wishes.push(compress)
        return payload
      },
    }
    const wishful = chainOf([4, codec], [2, codec])
    for (const wish of [true, false, undefined]) wishful.encode(textBytes('x'), wish)
    expect(wishes).toEqual([true, true, false, false, undefined, undefined])
  })

  test('the first fault is the fault, and nobody behind it is asked', () => {
    const asked: string[] = []
    const spy: MessageCodec = {
      ...naming(''),
      decode: (payload) => {
        asked.push('spy')
        return payload
      },
    }
    expect(chainOf([4, spy], [2, naming('b')]).decode(textBytes('x'), 6, 100)).toMatchObject({
      message: 'There is no b.',
      closeCode: 1007,
    })
    expect(asked).toEqual([])
  })

  test('which messages are decoded follows from the bits', () => {
    const marked = chainOf([4, naming('a')], [2, naming('b')])
    expect([marked.reservedBits, marked.decodes(0), marked.decodes(2)]).toEqual([6, false, true])
    expect([chain.reservedBits, chain.decodes(0)]).toEqual([6, true])
  })
})

describe('limits between stages', () => {
  test('the last to decode is held to the limit; those before it may need a little more', () => {
    const limits: number[] = []
    const chain = chainOf([4, limitSpy(limits)], [2, limitSpy(limits)], [1, limitSpy(limits)])
    chain.decode(textBytes('x'), 7, 1600)
    expect(limits).toEqual([1764, 1764, 1600])
  })

  test('what a codec has left above the limit is refused behind the last one', () => {
    const chain = chainOf([4, limitSpy([])], [2, limitSpy([])])
    expect(chain.decode(new Uint8Array(100), 6, 100)).toEqual(new Uint8Array(100))
    for (const bits of [2, 4, 6]) {
      expect(chain.decode(new Uint8Array(101), bits, 100)).toMatchObject({
        code: 'ERR_MESSAGE_TOO_LARGE',
        closeCode: 1009,
        message: expect.stringContaining('100 bytes (maxMessageBytes)'),
      })
    }
  })

  test('a peer is told the limit that it knows, wherever it was met', () => {
    const strict: MessageCodec = {
      ...limitSpy([]),
      decode: (_payload, maxBytes) => new ProtocolError('ERR_MESSAGE_TOO_LARGE', `above ${maxBytes}`, 1009),
    }
    expect(chainOf([4, strict]).decode(textBytes('x'), 4, 100)).toMatchObject({ message: 'above 100' })
    expect(chainOf([4, limitSpy([])], [2, strict]).decode(textBytes('x'), 2, 100)).toMatchObject({
      code: 'ERR_MESSAGE_TOO_LARGE',
      message: expect.stringContaining('100 bytes (maxMessageBytes)'),
    })
  })
})

describe('a codec that fails', () => {
  test.each<[string, Partial<MessageCodec>]>([
    ['throws an error', { decode: fail }],
    [
      'throws anything',
      {
        decode: () => {
          throw 'it fails'
        },
      },
    ],
  ])('%s in decode: a value, not a throw', (_what, broken) => {
    const chain = chainOf([4, { ...naming(''), ...broken }])
    expect(chain.decode(textBytes('x'), 4, 100)).toMatchObject({
      code: 'ERR_EXTENSION',
      closeCode: 1011,
      message: 'An extension failed on a message that came: it fails.',
    })
  })

  test('one that decodes to no bytes has failed as well', () => {
    for (const decoded of [undefined, null, 'text', { length: 1 }]) {
      const chain = chainOf([4, { ...naming(''), decode: () => decoded as never }])
      expect(chain.decode(textBytes('x'), 4, 100)).toMatchObject({ code: 'ERR_EXTENSION' })
    }
  })

  test('one that encodes to no bytes throws, and so does one that must change every message and does not', () => {
    for (const encoded of [null, 'text', { length: 1 }]) {
      const chain = chainOf([4, { ...naming(''), encode: () => encoded as never }])
      expect(() => chain.encode(textBytes('x'), true)).toThrow(TypeError)
    }
    const chain = chainOf([0, { ...naming(''), encode: () => undefined }])
    expect(() => chain.encode(textBytes('x'), true)).toThrow('encode returned undefined')
  })

  test('encode that throws: 1011 to the peer, and nothing follows', () => {
    const { connection, sink } = openConnection('client', {
      extensions: chainOf([4, { ...naming(''), encode: fail }]),
    })
    expect(connection.send('one')).toBe(false)
    expect(connection.send('two')).toBe(false)
    const frames = sink.takeFrames()
    expect(frames.map(({ opcode }) => opcode)).toEqual([8])
    expect(frames[0]?.payload.slice(0, 2)).toEqual(Uint8Array.of(0x03, 0xf3))
    connection.receiveEnd(0)
    expect(sink.outcome).toMatchObject({ code: 1011, clean: false, error: { code: 'ERR_EXTENSION' } })
    expect(sink.outcome?.error?.cause).toMatchObject({ message: 'it fails' })
  })

  test('decode that throws: 1011 to the peer, and nothing behind it is told', () => {
    const { connection, sink } = openConnection('server', {
      extensions: chainOf([4, { ...naming(''), decode: fail }]),
    })
    connection.receive(frameBytes({ opcode: 1, rsv: 4, payload: 'one', mask: TEST_MASK }), 0)
    connection.receive(frameBytes({ opcode: 1, payload: 'two', mask: TEST_MASK }), 0)
    connection.receiveEnd(0)
    expect(sink.messages).toEqual([])
    expect(sink.outcome).toMatchObject({ code: 1011, error: { code: 'ERR_EXTENSION' } })
  })
})

describe('a codec that calls its own connection', () => {
  test.each<[string, (opened: TestConnection) => unknown]>([
    ['send', ({ connection }) => connection.send('inner')],
    ['sendFragment', ({ connection }) => connection.sendFragment('a part', false)],
  ])('%s within encode is refused: what the codec remembers is between two messages', (_what, act) => {
    const codec: MessageCodec = {
      decode: (payload) => payload,
      encode: (payload) => {
        act(opened)
        return payload
      },
    }
    const opened = openConnection('server', { extensions: chainOf([4, codec]) })
    expect(opened.connection.send('outer')).toBe(false)
    expect(opened.sink.takeFrames().map(({ opcode }) => opcode)).toEqual([8])
    opened.connection.receiveEnd(0)
    expect(opened.sink.outcome).toMatchObject({ code: 1011, error: { cause: { code: 'ERR_STATE' } } })
  })

  test('it may catch that, and the message goes with its own mark', () => {
    const codec: MessageCodec = {
      decode: (payload) => payload,
      encode: () => {
        expect(() => opened.connection.send('inner')).toThrow('must not send')
        return undefined
      },
    }
    const opened = openConnection('server', { extensions: chainOf([4, codec]) })
    expect(opened.connection.send('outer')).toBe(true)
    expect(opened.sink.takeFrames().map(({ rsv, payload }) => [rsv, text(payload)])).toEqual([[0, 'outer']])
  })

  test.each(['close', 'terminate'] as const)('%s within encode: nothing stands behind the Close frame', (method) => {
    const codec: MessageCodec = {
      decode: (payload) => payload,
      encode: (payload) => {
        opened.connection[method]()
        return payload
      },
    }
    const opened = openConnection('server', { extensions: chainOf([4, codec]) })
    expect(opened.connection.send('late')).toBe(false)
    expect(opened.sink.takeFrames().map(({ opcode }) => opcode)).toEqual(method === 'close' ? [8] : [])
  })

  test.each([true, false])('terminate within decode: nothing is told behind the end (in one frame: %s)', (whole) => {
    const codec: MessageCodec = {
      encode: (payload) => payload,
      decode: (payload) => {
        opened.connection.terminate()
        return payload
      },
    }
    const opened = openConnection('server', { extensions: chainOf([4, codec]) })
    const first = frameBytes({ opcode: 1, rsv: 4, fin: whole, payload: 'x', mask: TEST_MASK })
    opened.connection.receive(first, 0)
    if (!whole) opened.connection.receive(frameBytes({ opcode: 0, payload: 'y', mask: TEST_MASK }), 0)
    expect(opened.sink.messages).toEqual([])
    expect(opened.sink.outcome).toMatchObject({ code: 1006 })
  })

  test('pause within decode: the message is told, and the next one waits', () => {
    const codec: MessageCodec = {
      encode: (payload) => payload,
      decode: (payload) => {
        opened.connection.pause()
        return payload
      },
    }
    const opened = openConnection('server', { extensions: chainOf([4, codec]) })
    for (const payload of ['one', 'two']) {
      opened.connection.receive(frameBytes({ opcode: 1, rsv: 4, payload, mask: TEST_MASK }), 0)
    }
    expect(opened.sink.messages).toEqual(['one'])
    opened.connection.resume()
    expect(opened.sink.messages).toEqual(['one', 'two'])
  })
})

describe('every byte array has one owner', () => {
  /** Takes its mark away, and hands out the rest where it lies. */
  const viewing: MessageCodec = { encode: (payload) => payload, decode: (payload) => payload.subarray(1) }
  const message = (payload: string, fin = true): Uint8Array =>
    frameBytes({ opcode: 2, rsv: 4, fin, payload, mask: TEST_MASK })

  /** Lends `bytes`, and writes something else over them as soon as they are given back. */
  const lend = ({ connection }: TestConnection, bytes: Uint8Array): void => {
    const lent = bytes.slice()
    connection.receiveBorrowed(lent, lent.length, 0)
    lent.fill(0x7a)
  }

  test('a part of a chunk that is only lent is copied', () => {
    const server = openConnection('server', { extensions: chainOf([4, viewing]) })
    lend(server, message('!in one frame'))
    expect(server.sink.messages).toEqual([textBytes('in one frame')])
  })

  test('also where several codecs handed it on, and where the message came in fragments', () => {
    const server = openConnection('server', { extensions: chainOf([4, viewing], [0, viewing]) })
    lend(server, message('!!in one frame'))
    lend(server, message('!!in ', false))
    lend(server, frameBytes({ opcode: 0, payload: 'fragments', mask: TEST_MASK }))
    expect(server.sink.messages).toEqual([textBytes('in one frame'), textBytes('in fragments')])
  })
})

describe('text', () => {
  test('§8.1 is checked behind the chain, not before it', () => {
    const invert: MessageCodec = {
      encode: (payload) => payload.map((byte) => byte ^ 0xff),
      decode: (payload) => payload.map((byte) => byte ^ 0xff),
    }
    const server = openConnection('server', { extensions: chainOf([0, invert]) })
    const hear = (payload: Uint8Array): void =>
      server.connection.receive(frameBytes({ opcode: 1, payload, mask: TEST_MASK }), 0)
    hear(invert.decode(textBytes('é'), 100) as Uint8Array)
    expect(server.sink.messages).toEqual(['é'])
    hear(textBytes('\u0000'))
    server.connection.receiveEnd(0)
    expect(server.sink.outcome).toMatchObject({ code: 1007, error: { code: 'ERR_MESSAGE_UTF8' } })
  })
})
