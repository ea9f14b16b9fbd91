import {
  type BytePort,
  Connection,
  ConnectionProfile,
  FrameArena,
  PreparedMessage,
  portableBytes,
  type Role,
} from '@wigwag/socket/core'
import { concatBytes, frameBytes, RecordingSink, TEST_MASK } from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'
import '../support/byte-equality.ts'
import { deflateChain } from '../support/test-deflate.ts'

/** Memory as a host may give it: full of what was there before. */
const dirty: BytePort = { ...portableBytes, allocate: (size) => new Uint8Array(size).fill(0xee) }

const MESSAGES = [
  '',
  'a',
  'é'.repeat(63),
  '€'.repeat(30_000),
  new Uint8Array(0),
  new Uint8Array(20_000),
  Uint8Array.of(1),
]

/** Every byte that a connection writes and tells on memory of `bytes`. */
function exchange(role: Role, bytes: BytePort, deflate: boolean): [written: Uint8Array, told: unknown] {
  const sink = new RecordingSink()
  const ports = { bytes, arena: new FrameArena(bytes, 512), random: () => 0, randomKey: () => 0x0102_0304 }
  const connection = new Connection(
    new ConnectionProfile(role, {}, ports),
    sink,
    0,
    deflate ? deflateChain({ thresholdBytes: 10 }) : undefined,
  )
  for (const message of MESSAGES) {
    connection.send(message)
    connection.send(new PreparedMessage(message))
    connection.ping(Uint8Array.of(7))
  }
  const mask = role === 'server' ? { mask: TEST_MASK } : {}
  const fragments = ['one', '', 'two'].map((payload, i) =>
    frameBytes({ opcode: i === 0 ? 2 : 0, fin: i === 2, payload, ...mask }),
  )
  for (const byte of concatBytes(...fragments, frameBytes({ opcode: 9, payload: 'ping', ...mask }))) {
    connection.receive(Uint8Array.of(byte), 0)
  }
  connection.close(1000, 'bye')
  return [sink.takeBytes(), sink.events]
}

describe.each(['client', 'server'] as const)('memory that nobody wrote never leaves a %s', (role) => {
  test.each([false, true])('deflate %s: on dirty memory it writes and tells the same as on clean memory', (deflate) => {
    expect(exchange(role, dirty, deflate)).toEqual(exchange(role, portableBytes, deflate))
  })
})
