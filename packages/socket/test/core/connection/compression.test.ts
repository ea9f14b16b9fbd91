import { randomBytes } from 'node:crypto'
import { nodeDeflate } from '@wigwag/socket'
import { PreparedMessage } from '@wigwag/socket/core'
import {
  ConnectionPair,
  closePayload,
  concatBytes,
  type FrameSpec,
  frameBytes,
  openConnection,
  type TestConnection,
  type TestConnectionOptions,
  textBytes,
} from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'
import '../support/byte-equality.ts'
import { compress, deflateChain } from '../support/test-deflate.ts'

const open = (options: TestConnectionOptions = {}): TestConnection =>
  openConnection('client', { extensions: deflateChain(), ...options })

function hear({ connection }: TestConnection, ...specs: FrameSpec[]): void {
  for (const spec of specs) connection.receive(frameBytes(spec), 0)
}

const compressed = (opcode: number, payload: string | Uint8Array): FrameSpec => ({
  opcode,
  rsv: 4,
  payload: compress(typeof payload === 'string' ? textBytes(payload) : payload),
})

function outcomeOf(client: TestConnection): unknown {
  client.connection.receiveEnd(0)
  return [client.sink.outcome?.code, client.sink.outcome?.error?.code]
}

describe('RFC 7692 §6.2 receiving compressed messages', () => {
  test('RSV1 says which are compressed; others pass as they are', () => {
    const client = open()
    hear(client, compressed(1, 'small é'), { opcode: 1, payload: 'plain' }, compressed(2, Uint8Array.of(0xff, 0)))
    expect(client.sink.messages).toEqual(['small é', 'plain', Uint8Array.of(0xff, 0)])
  })

  test('RSV1 without negotiation: 1002', () => {
    const client = openConnection('client')
    hear(client, compressed(1, 'x'))
    expect(outcomeOf(client)).toEqual([1002, 'ERR_FRAME_RESERVED_BITS'])
  })

  test('§6.1 RSV1 on a continuation or a control frame: 1002', () => {
    for (const bad of [
      { opcode: 0, rsv: 4 },
      { opcode: 9, rsv: 4 },
    ]) {
      const client = open()
      hear(client, { ...compressed(1, 'x'), fin: false }, bad)
      expect(outcomeOf(client)).toEqual([1002, 'ERR_FRAME_RESERVED_BITS'])
    }
  })

  test('a compressed message may be fragmented anywhere, with control frames between', () => {
    const payload = compress(textBytes('a fragmented €uro, a fragmented €uro'))
    for (let cut = 0; cut <= payload.length; cut++) {
      const client = open()
      const first = { opcode: 1, rsv: 4, fin: false, payload: payload.slice(0, cut) }
      hear(client, first, { opcode: 9 }, { opcode: 0, payload: payload.slice(cut) })
      expect(client.sink.messages).toEqual(['a fragmented €uro, a fragmented €uro'])
    }
  })

  test('a compressed message in chunks of one byte', () => {
    const client = open()
    const bytes = frameBytes(compressed(1, 'one byte at a time'))
    for (const byte of bytes) client.connection.receive(Uint8Array.of(byte), 0)
    expect(client.sink.messages).toEqual(['one byte at a time'])
  })

  test('§8.1 text is checked behind inflation: 1007', () => {
    const client = open()
    hear(client, compressed(1, Uint8Array.of(0x61, 0xff)))
    expect(outcomeOf(client)).toEqual([1007, 'ERR_MESSAGE_UTF8'])
  })

  test('what does not inflate: 1007', () => {
    const client = open()
    hear(client, { opcode: 2, rsv: 4, payload: Uint8Array.of(0xff, 0xff, 0xff, 0xff) })
    expect(outcomeOf(client)).toEqual([1007, 'ERR_MESSAGE_COMPRESSION'])
  })

  test('an empty compressed message', () => {
    const client = open()
    hear(client, { opcode: 1, rsv: 4, payload: Uint8Array.of(0) })
    expect(client.sink.messages).toEqual([''])
  })

  test('nothing is told behind a message that does not inflate', () => {
    const client = open()
    const bytes = [
      { opcode: 2, rsv: 4, payload: Uint8Array.of(0xff) },
      { opcode: 1, payload: 'never' },
    ]
    client.connection.receive(concatBytes(...bytes.map((spec) => frameBytes(spec))), 0)
    expect(client.sink.messages).toEqual([])
    expect(client.sink.takeFrames()[0]?.payload.slice(0, 2)).toEqual(closePayload(1007))
  })
})

describe('§7.1 closing while a compressed message arrives', () => {
  const TEXT = 'in the middle of a compressed message, in the middle'
  const payload = compress(textBytes(TEXT))
  const half: FrameSpec = { opcode: 1, rsv: 4, fin: false, payload: payload.slice(0, 9) }
  const rest: FrameSpec = { opcode: 0, payload: payload.slice(9) }

  test('our Close frame first: the message is still told, then the end', () => {
    const client = open()
    hear(client, half)
    client.connection.close(1000)
    hear(client, rest, compressed(1, 'and another'), { opcode: 8, payload: closePayload(1000) })
    expect(client.sink.messages).toEqual([TEXT, 'and another'])
    client.connection.receiveEnd(0)
    expect(client.sink.outcome).toMatchObject({ code: 1000, clean: true })
  })

  test.each<[string, (client: TestConnection) => void, unknown]>([
    ['their Close frame', (client) => hear(client, { opcode: 8, payload: closePayload(1001) }), [1001, undefined]],
    ['the end of TCP', ({ connection }) => connection.receiveEnd(0), [1006, undefined]],
    ['terminate', ({ connection }) => connection.terminate(), [1006, undefined]],
    ['another message', (client) => hear(client, compressed(1, 'x')), [1002, 'ERR_MESSAGE_INTERLEAVED']],
  ])('%s in its middle: nothing of it is told, and nothing behind it', (_what, act, outcome) => {
    const client = open()
    hear(client, half)
    act(client)
    hear(client, rest, compressed(1, 'never'))
    expect(client.sink.messages).toEqual([])
    expect(outcomeOf(client)).toEqual(outcome)
  })

  test('a pause behind each of several in one chunk, and a close in one of them', () => {
    const client = open()
    client.sink.onEvent = ({ type }) => {
      if (type === 'message') client.connection.pause()
    }
    const three = ['one', 'two', 'three'].map((text) => frameBytes(compressed(1, text)))
    client.connection.receiveBorrowed(concatBytes(...three), concatBytes(...three).length, 0)
    client.connection.resume()
    expect(client.sink.messages).toEqual(['one', 'two'])
    client.connection.close(1000)
    client.connection.resume()
    hear(client, half, rest)
    expect(client.sink.messages).toEqual(['one', 'two', 'three'])
    client.connection.terminate()
    client.connection.resume()
    expect(client.sink.messages).toHaveLength(3)
  })
})

describe('limits of compressed messages', () => {
  test('maxMessageBytes counts what it inflates to', () => {
    const client = open({ maxMessageBytes: 1000 })
    hear(client, compressed(2, new Uint8Array(1000)))
    expect(client.sink.messages).toEqual([new Uint8Array(1000)])
    hear(client, compressed(2, new Uint8Array(1001)))
    expect(outcomeOf(client)).toEqual([1009, 'ERR_MESSAGE_TOO_LARGE'])
  })

  test('a bomb ends at the limit', () => {
    const client = open({ maxMessageBytes: 65_536 })
    const bomb = compress(new Uint8Array(64 * 1024 * 1024))
    hear(client, { opcode: 2, rsv: 4, fin: false, payload: bomb.slice(0, 30_000) })
    hear(client, { opcode: 0, payload: bomb.slice(30_000) })
    expect(client.sink.messages).toEqual([])
    expect(outcomeOf(client)).toEqual([1009, 'ERR_MESSAGE_TOO_LARGE'])
  })

  test.each([100, 70_000])('%i bytes that compression makes larger are still within a limit of as many', (size) => {
    const incompressible = new Uint8Array(randomBytes(size))
    expect(compress(incompressible).length).toBeGreaterThan(size)
    const client = open({ maxMessageBytes: size })
    hear(client, compressed(2, incompressible))
    const bytes = compress(incompressible)
    hear(
      client,
      { opcode: 2, rsv: 4, fin: false, payload: bytes.slice(0, 50) },
      { opcode: 0, payload: bytes.slice(50) },
    )
    expect(client.sink.messages).toEqual([incompressible, incompressible])
  })

  test('that allowance is for compressed messages alone', () => {
    for (const fin of [true, false]) {
      const client = open({ maxMessageBytes: 1000 })
      hear(client, { opcode: 2, fin, claimedLength: 1001n })
      expect(outcomeOf(client)).toEqual([1009, 'ERR_MESSAGE_TOO_LARGE'])
    }
  })

  test('a compressed length far above the limit is refused on its header', () => {
    let inflations = 0
    const counting = {
      ...nodeDeflate,
      inflate: (...call: Parameters<typeof nodeDeflate.inflate>) => {
        inflations++
        return nodeDeflate.inflate(...call)
      },
    }
    for (const fin of [true, false]) {
      const client = open({ extensions: deflateChain({}, undefined, counting), maxMessageBytes: 1000 })
      hear(client, { opcode: 2, rsv: 4, fin, claimedLength: 1200n })
      expect(client.connection.phase).toBe('closing')
    }
    expect(inflations).toBe(0)
  })
})

describe('RFC 7692 §6.1 sending compressed messages', () => {
  test('what gets smaller goes with RSV1; what is below the threshold, or would grow, goes as it is', () => {
    const client = open({ extensions: deflateChain({ thresholdBytes: 10 }) })
    client.connection.send('large enough, large enough')
    client.connection.send('small')
    client.connection.send(new Uint8Array(20))
    client.connection.send(new Uint8Array(randomBytes(100)))
    client.connection.send(new PreparedMessage('prepared, prepared, prepared'))
    client.connection.send(new PreparedMessage(new Uint8Array(3)))
    expect(client.sink.takeFrames().map(({ opcode, rsv }) => [opcode, rsv])).toEqual([
      [1, 4],
      [1, 0],
      [2, 4],
      [2, 0],
      [1, 4],
      [2, 0],
    ])
  })

  test('each message may be sent otherwise', () => {
    const client = open({ extensions: deflateChain({ thresholdBytes: 10 }) })
    const text = 'text text text text'
    client.connection.send(text, false)
    client.connection.send('aaaaaaaa', true)
    client.connection.send('', true)
    client.connection.send(new PreparedMessage(text, { compress: false }))
    client.connection.send(new PreparedMessage('aaaaaaaa', { compress: true }))
    client.connection.send(new PreparedMessage(text, { compress: false }), true)
    const frames = client.sink.takeFrames()
    expect(frames.map(({ rsv }) => rsv)).toEqual([0, 4, 4, 0, 4, 4])
    expect(frames[2]?.payload, 'RFC 7692 §7.2.3.6: an empty message is one byte').toEqual(Uint8Array.of(0))
  })

  test('control frames are never compressed', () => {
    const client = open()
    client.connection.ping(new Uint8Array(50))
    client.connection.close(1000, 'a'.repeat(50))
    expect(client.sink.takeFrames().map(({ rsv }) => rsv)).toEqual([0, 0])
  })

  test('both sides understand each other', () => {
    const pair = new ConnectionPair({ extensions: deflateChain({ thresholdBytes: 5 }) })
    const messages = ['', 'a', 'é'.repeat(1000), new Uint8Array(0), new Uint8Array(50_000).fill(3), '😀 €']
    for (const message of messages) {
      pair.client.connection.send(message)
      pair.server.connection.send(message)
    }
    pair.settle()
    expect(pair.server.sink.messages).toEqual(messages)
    expect(pair.client.sink.messages).toEqual(messages)
  })
})
