import {
  type BytePort,
  Connection,
  ConnectionProfile,
  ProtocolError,
  portableBytes,
  type Role,
} from '@wigwag/socket/core'
import { RecordingSink } from '@wigwag/socket/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chunksOf, mutation, validStream } from '../support/stream-arbitrary.ts'
import { deflateChain } from '../support/test-deflate.ts'

const SEED = 6455
const MAX_MESSAGE_BYTES = 100_000
/** What a growing message may take at once: four times what came, or 64 KiB. */
const MAX_ALLOCATED_AT_ONCE = 4 * MAX_MESSAGE_BYTES

/** A connection that counts the memory it asks for. */
function openCounting(
  role: Role,
  utf8: 'strict' | 'trust',
  deflate: boolean,
): { connection: Connection; sink: RecordingSink; largest: () => number } {
  let largest = 0
  const allocate = (size: number): Uint8Array => {
    largest = Math.max(largest, size)
    return portableBytes.allocate(size)
  }
  const bytes: BytePort = { ...portableBytes, allocate }
  const options = { maxMessageBytes: MAX_MESSAGE_BYTES, maxFragments: 100, maxControlFramesPerSecond: 50, utf8 }
  const profile = new ConnectionProfile(role, options, { bytes, random: () => 0.5, randomKey: () => 0x0102_0304 })
  const sink = new RecordingSink()
  return {
    connection: new Connection(profile, sink, 0, deflate ? deflateChain() : undefined),
    sink,
    largest: () => largest,
  }
}

/** Hears the chunks and a FIN, and checks everything that must hold whatever came. */
function survive(role: Role, chunks: readonly Uint8Array[], utf8: 'strict' | 'trust', deflate: boolean): void {
  const { connection, sink, largest } = openCounting(role, utf8, deflate)
  const received = chunks.reduce((sum, { length }) => sum + length, 0)
  for (const chunk of chunks) connection.receive(chunk, 0)
  // What was written are whole, well-formed frames of our role: one Close frame at most, and it comes last.
  const frames = sink.takeFrames()
  expect(frames.every(({ masked, fin, rsv }) => masked === (role === 'client') && fin && rsv === 0)).toBe(true)
  expect(frames.slice(0, -1).every(({ opcode }) => opcode === 10)).toBe(true)
  expect(frames.length).toBeLessThanOrEqual(51)
  if (connection.phase === 'open') expect(frames.every(({ opcode }) => opcode === 10)).toBe(true)
  // What was told is no more than what came, or what it inflated to.
  for (const message of sink.messages) expect(message.length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES)
  if (!deflate) expect(sink.messages.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(received)
  expect(largest()).toBeLessThanOrEqual(Math.max(MAX_ALLOCATED_AT_ONCE, 64 * 1024))
  expect(largest()).toBeLessThanOrEqual(Math.max(received * 4, 64 * 1024))
  connection.receiveEnd(0)
  const outcome = sink.outcome
  if (outcome === undefined) expect.unreachable('the end was not told')
  if (outcome.error === undefined) {
    expect(outcome.clean ? outcome.code !== 1006 : outcome.code === 1006).toBe(true)
    return
  }
  expect(outcome.error).toBeInstanceOf(ProtocolError)
  expect(outcome.clean).toBe(false)
  expect([1002, 1007, 1008, 1009]).toContain(outcome.code)
  expect((outcome.error as ProtocolError).closeCode).toBe(outcome.code)
}

const cases = (['client', 'server'] as const).flatMap((role) => [true, false].map((deflate) => ({ role, deflate })))

describe.each(cases)('whatever a $role hears ends in a documented way, deflate $deflate', ({ role, deflate }) => {
  const utf8 = fc.constantFrom<'strict' | 'trust'>('strict', 'strict', 'trust')
  const cuts = fc.array(fc.nat(), { maxLength: 8 })

  test('§10.7 valid streams with bits flipped, bytes put in and taken out, cut off, or sent twice', () => {
    fc.assert(
      fc.property(
        validStream(role, deflate),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        cuts,
        utf8,
        (stream, mutations, places, mode) => {
          const mutated = mutations.reduce((bytes, mutate) => mutate(bytes), stream)
          survive(role, chunksOf(mutated, places), mode, deflate)
        },
      ),
      { seed: SEED, numRuns: 500 },
    )
  })

  test('§10.7 bytes that were never a stream', () => {
    const header = fc.tuple(fc.constantFrom(0x81, 0x82, 0x01, 0x00, 0x80, 0x89, 0x8a, 0x88, 0xc1, 0x41), fc.nat(255))
    const scrap = fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      header.map((bytes) => Uint8Array.from(bytes)),
    )
    fc.assert(
      fc.property(fc.array(scrap, { maxLength: 20 }), utf8, (chunks, mode) => survive(role, chunks, mode, deflate)),
      { seed: SEED, numRuns: 500 },
    )
  })
})
