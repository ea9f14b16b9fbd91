import { Connection, ConnectionProfile, type Role } from '@wigwag/socket/core'
import { RecordingSink, type SinkEvent } from '@wigwag/socket/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import '../support/byte-equality.ts'
import { chunksOf, validStream } from '../support/stream-arbitrary.ts'
import { deflateChain } from '../support/test-deflate.ts'

const SEED = 6455
const roles = ['client', 'server'] as const
const cases = roles.flatMap((role) =>
  [true, false].flatMap((deflate) => (['given', 'lent'] as const).map((how) => ({ role, deflate, how }))),
)

/** A chunk is the connection's from then on, or is lent and then overwritten, as a driver's read buffer is. */
type How = 'given' | 'lent'

interface Member {
  readonly connection: Connection
  readonly sink: RecordingSink
  readonly chunks: Uint8Array[]
}

/** What each of several connections of one profile is given, and hears. */
class Members {
  readonly #members: readonly Member[]
  readonly #how: How

  /** `nested` says, message by message, what happens while it is told: another connection reads (1), or this pauses (2). */
  constructor(role: Role, deflate: boolean, how: How, chunks: readonly Uint8Array[][], nested: readonly number[]) {
    this.#how = how
    const profile = new ConnectionProfile(role, { textAs: 'bytes' }, { random: () => 0, randomKey: () => 0 })
    const left = [...nested]
    this.#members = chunks.map((own, n) => {
      const sink = new RecordingSink()
      sink.onEvent = ({ type }) => {
        const act = type === 'message' ? left.shift() : 0
        if (act === 1) this.feed(n + 1)
        if (act === 2) this.pause(n)
      }
      const connection = new Connection(profile, sink, 0, deflate ? deflateChain() : undefined)
      return { connection, sink, chunks: [...own] }
    })
  }

  /** The next chunk of one of them. */
  feed(n: number): void {
    const { connection, chunks } = this.#of(n)
    const chunk = chunks.shift()
    if (chunk !== undefined) this.#read(connection, chunk)
  }

  pause(n: number): void {
    this.#of(n).connection.pause()
  }

  /** All the rest; then each has the end of its input. */
  finish(): [SinkEvent[], Uint8Array][] {
    for (const { connection, chunks } of this.#members) {
      for (const chunk of chunks.splice(0)) this.#read(connection, chunk)
      connection.receiveEnd(0)
      while (connection.paused) connection.resume()
    }
    return this.#members.map(({ sink }) => [sink.events, sink.takeBytes()])
  }

  #read(connection: Connection, chunk: Uint8Array): void {
    if (this.#how === 'given') connection.receive(chunk, 0)
    else {
      connection.receiveBorrowed(chunk, chunk.length, 0)
      chunk.fill(0xaa)
    }
  }

  #of(n: number): Member {
    return this.#members[n % this.#members.length] as Member
  }
}

describe.each(cases)(
  'a $role reads chunks that are $how with what others do, deflate $deflate:',
  ({ role, deflate, how }) => {
    test('it hears what it hears alone, whoever else reads between, meanwhile, or stands still', () => {
      const cuts = fc.array(fc.nat(), { maxLength: 8 })
      const one = fc.tuple(validStream(role, deflate), cuts)
      const turns = fc.array(fc.tuple(fc.nat(3), fc.nat(9)), { maxLength: 30 })
      fc.assert(
        fc.property(
          fc.array(one, { minLength: 2, maxLength: 4 }),
          turns,
          fc.array(fc.nat(2), { maxLength: 20 }),
          (streams, order, nested) => {
            const alone = streams.flatMap(([stream]) =>
              new Members(role, deflate, 'given', [[stream.slice()]], []).finish(),
            )
            const chunks = streams.map(([stream, places]) => chunksOf(stream, places).map((chunk) => chunk.slice()))
            const members = new Members(role, deflate, how, chunks, nested)
            for (const [n, act] of order) {
              if (act === 0) members.pause(n)
              else members.feed(n)
            }
            expect(members.finish()).toEqual(alone)
          },
        ),
        { seed: SEED, numRuns: 100 },
      )
    })
  },
)
