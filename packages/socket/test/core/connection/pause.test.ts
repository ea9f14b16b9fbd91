import {
  closePayload,
  concatBytes,
  type FrameSpec,
  frameBytes,
  openConnection,
  TEST_MASK,
  type TestConnection,
} from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'

const masked = (spec: FrameSpec): Uint8Array => frameBytes({ ...spec, mask: TEST_MASK })
const texts = (...payloads: string[]): Uint8Array =>
  concatBytes(...payloads.map((payload) => masked({ opcode: 1, payload })))

/** A server that pauses behind each message it tells. */
function openPausing(): TestConnection {
  const server = openConnection('server')
  server.sink.onEvent = ({ type }) => {
    if (type === 'message') server.connection.pause()
  }
  return server
}

describe('reading may be paused between two messages of one chunk', () => {
  test('the rest is kept and told in order, one message per resume', () => {
    const server = openPausing()
    server.connection.receive(texts('a', 'b', 'c'), 0)
    expect(server.sink.messages).toEqual(['a'])
    expect(server.connection.paused).toBe(true)
    server.connection.resume()
    expect(server.sink.messages).toEqual(['a', 'b'])
    server.connection.resume()
    server.connection.resume()
    expect(server.sink.messages).toEqual(['a', 'b', 'c'])
    expect(server.connection.paused).toBe(false)
  })

  test('chunks that come meanwhile wait behind it, cut wherever they are', () => {
    const server = openPausing()
    const stream = texts('a', 'b', 'c', 'd')
    for (let at = 0; at < stream.length; at += 10) server.connection.receive(stream.slice(at, at + 10), 0)
    expect(server.sink.messages).toEqual(['a'])
    for (let i = 0; i < 4; i++) server.connection.resume()
    expect(server.sink.messages).toEqual(['a', 'b', 'c', 'd'])
  })

  test('paused from outside, nothing is told until resume; then everything is', () => {
    const server = openConnection('server')
    server.connection.pause()
    for (const text of ['a', 'b']) server.connection.receive(texts(text, text), 0)
    expect(server.sink.events).toEqual([])
    server.connection.resume()
    expect(server.sink.messages).toEqual(['a', 'a', 'b', 'b'])
  })

  test.each(['ping', 'pong'] as const)('a pause behind a %s holds too', (type) => {
    const server = openConnection('server')
    server.sink.onEvent = (event) => {
      if (event.type === type) server.connection.pause()
    }
    server.connection.receive(concatBytes(masked({ opcode: type === 'ping' ? 9 : 10 }), texts('later')), 0)
    expect(server.sink.messages).toEqual([])
    server.connection.resume()
    expect(server.sink.messages).toEqual(['later'])
  })

  test('a pause within a fragmented message keeps what was gathered', () => {
    const server = openConnection('server')
    server.connection.receive(masked({ opcode: 1, payload: 'one ', fin: false }), 0)
    server.connection.pause()
    server.connection.receive(masked({ opcode: 0, payload: 'message' }), 0)
    server.connection.resume()
    expect(server.sink.messages).toEqual(['one message'])
  })

  test('resume without a pause does nothing', () => {
    const server = openConnection('server')
    server.connection.resume()
    server.connection.receive(texts('a'), 0)
    expect(server.sink.messages).toEqual(['a'])
  })
})

describe('the end of the transport while paused', () => {
  test('a FIN waits until everything before it has been told', () => {
    const server = openPausing()
    server.connection.receive(texts('a', 'b'), 0)
    server.connection.receiveEnd(0)
    expect(server.connection.phase).toBe('open')
    server.connection.resume()
    expect(server.sink.messages).toEqual(['a', 'b'])
    expect(server.sink.outcome).toMatchObject({ code: 1006 })
  })

  test('a FIN behind a kept Close frame ends clean', () => {
    const server = openPausing()
    server.connection.receive(concatBytes(texts('a', 'b'), masked({ opcode: 8, payload: closePayload(1000) })), 0)
    server.connection.receiveEnd(0)
    server.connection.resume()
    expect(server.sink.messages).toEqual(['a', 'b'])
    expect(server.connection.phase, 'still paused behind b').toBe('open')
    server.connection.resume()
    expect(server.sink.outcome).toEqual({ code: 1000, reason: '', clean: true, error: undefined })
  })

  test('a FIN when nothing is kept ends at once', () => {
    const server = openConnection('server')
    server.connection.pause()
    server.connection.receiveEnd(0)
    expect(server.connection.phase).toBe('closed')
  })

  test('an error ends at once, and what was kept is dropped', () => {
    const server = openPausing()
    server.connection.receive(texts('a', 'b'), 0)
    server.connection.receiveError(new Error('reset'), 0)
    server.connection.resume()
    expect(server.sink.messages).toEqual(['a'])
    expect(server.sink.outcome).toMatchObject({ code: 1006, error: { code: 'ERR_TRANSPORT' } })
  })
})

describe('closing while paused', () => {
  test('the closing handshake goes on with resume', () => {
    const server = openPausing()
    server.connection.receive(concatBytes(texts('a', 'b'), masked({ opcode: 8, payload: closePayload(1000) })), 0)
    server.connection.close(1001)
    server.sink.onEvent = undefined
    server.connection.resume()
    expect(server.sink.messages).toEqual(['a', 'b'])
    server.connection.receiveEnd(0)
    expect(server.sink.outcome).toMatchObject({ code: 1000, clean: true })
  })

  test('a fault among what was kept fails the connection when it is reached', () => {
    const server = openPausing()
    server.connection.receive(concatBytes(texts('a'), masked({ opcode: 3 }), texts('never')), 0)
    expect(server.connection.phase).toBe('open')
    server.connection.resume()
    expect(server.connection.phase).toBe('closing')
    server.connection.receiveEnd(0)
    expect(server.sink.messages).toEqual(['a'])
    expect(server.sink.outcome).toMatchObject({ code: 1002 })
  })
})
