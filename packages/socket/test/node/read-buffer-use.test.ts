import { Connection, type ConnectionOptions, ConnectionProfile } from '@wigwag/socket/core'
import { concatBytes, frameBytes, RecordingSink, TEST_MASK } from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'
import { nodeBytes } from '../../src/node/node-bytes.ts'
import { readChunk, readNative, whileInUse } from '../../src/node/read-buffer-use.ts'
import { READ_BUFFER } from '../../src/node/simd-masking.ts'

const ports = { bytes: nodeBytes, random: () => 0, randomKey: () => 0 }

function open(options: ConnectionOptions = {}): { connection: Connection; sink: RecordingSink } {
  const sink = new RecordingSink()
  return { connection: new Connection(new ConnectionProfile('server', options, ports), sink, 0), sink }
}

const text = (payload: string): Uint8Array => frameBytes({ opcode: 1, payload, mask: TEST_MASK })
const many = (letter: string): string[] => Array.from({ length: 20 }, (_, i) => `${letter}${i}`.repeat(60))
const chunkOf = (texts: readonly string[]): Uint8Array => Buffer.from(concatBytes(...texts.map(text)))
const asText = (messages: readonly (string | Uint8Array)[]): string[] =>
  messages.map((one) => Buffer.from(one).toString())

describe.each(['string', 'bytes'] as const)('a chunk is read by way of the read buffer, text as %s', (textAs) => {
  test('and what is handed out stays when that is overwritten', () => {
    const { connection, sink } = open({ textAs })
    readChunk(connection, chunkOf(many('a')), 0)
    expect(sink.messages.length).toBe(20)
    READ_BUFFER.fill(0xaa)
    expect(asText(sink.messages)).toEqual(many('a'))
  })

  test('but not while another is read there: neither is disturbed', () => {
    const [outer, inner] = [open({ textAs }), open({ textAs })]
    outer.sink.onEvent = () => {
      if (inner.sink.messages.length === 0) readChunk(inner.connection, chunkOf(many('b')), 0)
      // As `unshift` has it: what comes again on the same socket waits.
      if (outer.sink.messages.length === 1) readChunk(outer.connection, chunkOf(many('c')), 0)
    }
    readChunk(outer.connection, chunkOf(many('a')), 0)
    expect(asText(inner.sink.messages)).toEqual(many('b'))
    expect(asText(outer.sink.messages)).toEqual([...many('a'), ...many('c')])
  })

  test('nor while a native read is told, or somebody who reads along is told before', () => {
    const [outer, inner] = [open({ textAs }), open({ textAs })]
    const chunk = chunkOf(many('a'))
    outer.sink.onEvent = () => readChunk(inner.connection, chunkOf(many('c')), 0)
    READ_BUFFER.set(chunk)
    whileInUse(() => readChunk(inner.connection, chunkOf(many('b')), 0))
    readNative(outer.connection, chunk.length, 0)
    expect(asText(outer.sink.messages)).toEqual(many('a'))
    expect(asText(inner.sink.messages.slice(0, 40))).toEqual([...many('b'), ...many('c')])
  })

  test('a handler that throws leaves the buffer to the next', () => {
    const [failing, next] = [open({ textAs }), open({ textAs })]
    failing.sink.onEvent = ({ type }) => {
      if (type === 'message') throw new Error('failed')
    }
    expect(() => readChunk(failing.connection, chunkOf(many('a')), 0)).toThrow('failed')
    READ_BUFFER.fill(0xaa)
    readChunk(next.connection, chunkOf(many('b')), 0)
    expect(asText(next.sink.messages)).toEqual(many('b'))
    expect(READ_BUFFER[0], 'it was used').not.toBe(0xaa)
  })
})

test('what is too large for the read buffer is read where it lies', () => {
  const { connection, sink } = open({ textAs: 'bytes' })
  const texts = Array.from({ length: 300 }, (_, i) => String.fromCharCode(97 + (i % 26)).repeat(1000))
  const chunk = chunkOf(texts)
  expect(chunk.length).toBeGreaterThan(READ_BUFFER.length)
  readChunk(connection, chunk, 0)
  expect(asText(sink.messages)).toEqual(texts)
})
