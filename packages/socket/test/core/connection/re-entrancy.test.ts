import type { Connection } from '@wigwag/socket/core'
import {
  closePayload,
  concatBytes,
  type FrameSpec,
  frameBytes,
  openConnection,
  type SinkEvent,
  TEST_MASK,
  type TestConnection,
} from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'

const masked = (spec: FrameSpec): Uint8Array => frameBytes({ ...spec, mask: TEST_MASK })
const texts = (...payloads: string[]): Uint8Array =>
  concatBytes(...payloads.map((payload) => masked({ opcode: 1, payload })))
const closeFrame = masked({ opcode: 8, payload: closePayload(1000) })
const faultyFrame = masked({ opcode: 3 })

const types = ({ sink }: TestConnection): string[] => sink.events.map(({ type }) => type)

/** A server whose sink does `act` behind the first event of `type`. */
function openActing(type: SinkEvent['type'], act: (connection: Connection) => void): TestConnection {
  const server = openConnection('server', { pingIntervalMs: 1000, pongTimeoutMs: 100 })
  let done = false
  server.sink.onEvent = (event) => {
    if (done || event.type !== type) return
    done = true
    act(server.connection)
  }
  return server
}

describe('a sink method may call back into the connection', () => {
  test('send answers at once, behind nothing and before what follows', () => {
    const server = openActing('message', (connection) => connection.send('answer'))
    server.connection.receive(concatBytes(texts('question'), masked({ opcode: 9 })), 0)
    expect(server.sink.takeFrames().map(({ opcode }) => opcode)).toEqual([1, 10])
  })

  test('receive keeps the order of the stream: the new chunk comes behind the one being read', () => {
    const server = openActing('message', (connection) => connection.receive(texts('c', 'd'), 0))
    server.connection.receive(texts('a', 'b'), 0)
    expect(server.sink.messages).toEqual(['a', 'b', 'c', 'd'])
  })

  test('receive of half a frame, whose rest comes later', () => {
    const half = texts('whole')
    const server = openActing('message', (connection) => connection.receive(half.slice(0, 4), 0))
    server.connection.receive(texts('a', 'b'), 0)
    server.connection.receive(half.slice(4), 0)
    expect(server.sink.messages).toEqual(['a', 'b', 'whole'])
  })

  test('close stops sending, not reading', () => {
    const server = openActing('message', (connection) => connection.close(1000))
    server.connection.receive(texts('a', 'b'), 0)
    expect(server.sink.messages).toEqual(['a', 'b'])
    expect(server.connection.send('c')).toBe(false)
  })

  test('terminate stops everything: the rest of the chunk is not told', () => {
    const server = openActing('message', (connection) => connection.terminate())
    server.connection.receive(texts('a', 'b'), 0)
    expect(types(server)).toEqual(['message', 'destroy', 'closing', 'closed'])
  })

  test('receiveEnd comes into force behind the chunk being read', () => {
    const server = openActing('message', (connection) => connection.receiveEnd(0))
    server.connection.receive(texts('a', 'b'), 0)
    expect(types(server)).toEqual(['message', 'message', 'closing', 'closed'])
  })

  test('receiveError comes into force at once', () => {
    const server = openActing('message', (connection) => connection.receiveError(new Error('reset'), 0))
    server.connection.receive(texts('a', 'b'), 0)
    expect(types(server)).toEqual(['message', 'closing', 'closed'])
  })

  test('pause and resume at once changes nothing', () => {
    const server = openActing('message', (connection) => {
      connection.pause()
      connection.resume()
    })
    server.connection.receive(texts('a', 'b', 'c'), 0)
    expect(server.sink.messages).toEqual(['a', 'b', 'c'])
  })

  test('messages that answer each other do not grow the stack', () => {
    const server = openConnection('server')
    let left = 20_000
    server.sink.onEvent = () => {
      if (left-- > 0) server.connection.receive(texts('again'), 0)
    }
    server.connection.receive(texts('go'), 0)
    expect(server.sink.messages).toHaveLength(20_001)
  })
})

describe('closed is the last call, whoever ends the connection and from where', () => {
  test.each([
    ['closing, when the peer closes', 'closing', closeFrame],
    ['closing, when the peer is at fault', 'closing', faultyFrame],
    ['end, when the peer closes', 'end', closeFrame],
    ['end, when the peer is at fault', 'end', faultyFrame],
  ] as const)('terminate from %s', (_name, type, frame) => {
    const server = openActing(type, (connection) => connection.terminate())
    server.connection.receive(frame, 0)
    expect(types(server).filter((name) => name === 'closed')).toHaveLength(1)
    expect(types(server).at(-1)).toBe('closed')
    expect(server.connection.phase).toBe('closed')
  })

  test.each(['closing', 'end', 'destroy'] as const)('receiveEnd from %s, when keepalive gives up', (type) => {
    const server = openActing(type, (connection) => connection.receiveEnd(1100))
    server.connection.tick(1000)
    server.connection.tick(1100)
    expect(types(server).filter((name) => name === 'closed')).toHaveLength(1)
    expect(types(server).at(-1)).toBe('closed')
  })

  test.each(['destroy', 'closing'] as const)('receiveEnd from %s, when the application terminates', (type) => {
    const server = openActing(type, (connection) => connection.receiveEnd(0))
    server.connection.terminate()
    expect(types(server).filter((name) => name === 'closed')).toHaveLength(1)
    expect(types(server).at(-1)).toBe('closed')
  })

  test.each([
    ['the answer to a Close frame', (connection: Connection) => connection.receive(closeFrame, 0)],
    ['the Close frame of a failure', (connection: Connection) => connection.receive(faultyFrame, 0)],
    ['our own Close frame', (connection: Connection) => connection.close(1000)],
  ])('a transport that breaks while taking %s stays closed', (_name, act) => {
    const server = openConnection('server')
    server.sink.write = () => server.connection.receiveError(new Error('EPIPE'), 0)
    act(server.connection)
    expect(server.connection.phase).toBe('closed')
    server.connection.tick(1e9)
    expect(types(server)).toEqual(['closing', 'closed'])
  })
})

describe('a sink method that throws', () => {
  test.each([
    ['message', texts('a', 'b')],
    ['ping', concatBytes(masked({ opcode: 9 }), texts('b'))],
    ['pong', concatBytes(masked({ opcode: 10 }), texts('b'))],
  ] as const)('from %s: the error reaches the driver, and the connection has failed with 1011', (type, chunk) => {
    const thrown = new Error('a bug of the application')
    const server = openActing(type, () => {
      throw thrown
    })
    expect(() => server.connection.receive(chunk, 0)).toThrow(thrown)
    expect(server.sink.takeFrames().at(-1)?.payload.slice(0, 2)).toEqual(closePayload(1011))
    server.connection.receive(texts('never'), 0)
    server.connection.receiveEnd(0)
    expect(server.sink.messages).not.toContain('never')
    expect(server.sink.messages).not.toContain('b')
    expect(server.sink.outcome).toMatchObject({ code: 1011, clean: false, error: { code: 'ERR_STATE' } })
  })

  test('behind a resume: the same', () => {
    const server = openActing('message', () => {
      throw new Error('a bug of the application')
    })
    server.connection.pause()
    server.connection.receive(texts('a', 'b'), 0)
    expect(() => server.connection.resume()).toThrow('a bug of the application')
    expect(server.connection.phase).toBe('closing')
    expect(server.sink.messages).toEqual(['a'])
  })

  test('after the peer had ended: the transport is given up all the same', () => {
    const server = openActing('message', (connection) => {
      connection.receiveEnd(0)
      throw new Error('a bug of the application')
    })
    expect(() => server.connection.receive(texts('a'), 0)).toThrow('a bug of the application')
    expect(server.sink.outcome).toMatchObject({ code: 1011, clean: false })
  })
})
