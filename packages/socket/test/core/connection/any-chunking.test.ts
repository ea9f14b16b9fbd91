import type { Role } from '@wigwag/socket/core'
import { openConnection, type SinkEvent } from '@wigwag/socket/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import '../support/byte-equality.ts'
import { chunksOf, validStream } from '../support/stream-arbitrary.ts'
import { deflateChain } from '../support/test-deflate.ts'

const SEED = 6455

type TextAs = 'string' | 'bytes'

/** Everything that a connection tells and writes when it is given these chunks and then a FIN. */
function hearAll(
  role: Role,
  chunks: readonly Uint8Array[],
  deflate: boolean,
  pausing = false,
  textAs: TextAs = 'string',
): [SinkEvent[], Uint8Array] {
  const { connection, sink } = openConnection(role, { textAs, ...(deflate ? { extensions: deflateChain() } : {}) })
  if (pausing) {
    sink.onEvent = ({ type }) => {
      if (type === 'message' || type === 'ping') connection.pause()
    }
  }
  for (const chunk of chunks) connection.receive(chunk, 0)
  connection.receiveEnd(0)
  while (connection.paused) connection.resume()
  return [sink.events, sink.takeBytes()]
}

/** The same through one buffer that is lent for each chunk and overwritten behind it, as a driver's read buffer is. */
function hearBorrowed(
  role: Role,
  chunks: readonly Uint8Array[],
  deflate: boolean,
  pausing: boolean,
  textAs: TextAs,
  atHome = false,
): [SinkEvent[], Uint8Array] {
  const { connection, sink } = openConnection(role, { textAs, ...(deflate ? { extensions: deflateChain() } : {}) })
  if (pausing) {
    sink.onEvent = ({ type }) => {
      if (type === 'message' || type === 'ping') connection.pause()
    }
  }
  // A Buffer, as drivers have it: its `slice` is a view, where that of other byte arrays is a copy.
  const buffer = Buffer.alloc(Math.max(1, ...chunks.map(({ length }) => length)))
  for (const chunk of chunks) {
    buffer.set(chunk)
    connection.receiveBorrowed(buffer, chunk.length, 0, atHome ? chunk.slice() : undefined)
    buffer.fill(0xaa)
  }
  connection.receiveEnd(0)
  while (connection.paused) connection.resume()
  return [sink.events, sink.takeBytes()]
}

const cases = (['client', 'server'] as const).flatMap((role) => [true, false].map((deflate) => ({ role, deflate })))

describe.each(cases)('a $role hears the same, deflate $deflate', ({ role, deflate }) => {
  const cuts = fc.array(fc.nat(), { maxLength: 25 })

  test('§5.2 however a valid stream is cut into chunks', () => {
    fc.assert(
      fc.property(validStream(role, deflate), cuts, (stream, places) => {
        const whole = hearAll(role, [stream.slice()], deflate)
        expect(hearAll(role, chunksOf(stream, places), deflate)).toEqual(whole)
        expect(whole[0].at(-1), 'a valid stream has no fault').toMatchObject({ outcome: { error: undefined } })
      }),
      { seed: SEED, numRuns: 120 },
    )
  })

  test('§5.2 byte by byte', () => {
    fc.assert(
      fc.property(validStream(role, deflate), (stream) => {
        const short = stream.slice(0, 1500)
        const bytes = Array.from(short, (byte) => Uint8Array.of(byte))
        expect(hearAll(role, bytes, deflate)).toEqual(hearAll(role, [short], deflate))
      }),
      { seed: SEED, numRuns: 40 },
    )
  })

  test.each([
    [false, 'string'],
    [true, 'string'],
    [false, 'bytes'],
    [true, 'bytes'],
  ] as const)(
    'also from a buffer that is only lent, paused %j, text as %s: nothing of it is kept',
    (pausing, textAs) => {
      fc.assert(
        fc.property(validStream(role, deflate), cuts, (stream, places) => {
          const whole = hearAll(role, [stream.slice()], deflate, false, textAs)
          const chunks = chunksOf(stream, places)
          expect(hearBorrowed(role, chunks, deflate, pausing, textAs)).toEqual(whole)
          expect(hearBorrowed(role, chunks, deflate, pausing, textAs, true)).toEqual(whole)
        }),
        { seed: SEED, numRuns: 120 },
      )
    },
  )

  test('and however often reading is paused', () => {
    fc.assert(
      fc.property(validStream(role, deflate), cuts, (stream, places) => {
        const whole = hearAll(role, [stream.slice()], deflate)
        expect(hearAll(role, chunksOf(stream, places), deflate, true)).toEqual(whole)
      }),
      { seed: SEED, numRuns: 60 },
    )
  })
})
