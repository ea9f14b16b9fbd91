import { type ConnectionOptions, ConnectionProfile, type Role } from '@wigwag/socket/core'
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

const KIB = 1024
const roles: readonly Role[] = ['client', 'server']

/** Bytes that differ from their neighbours, and from those of another seed. */
const patterned = (length: number, seed = 0): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7 + seed) & 0x7f)

/** Lends what was received in one chunk, and writes something else over it, as the next read would. */
function lend({ connection }: TestConnection, frames: readonly Uint8Array[]): void {
  const buffer = concatBytes(...frames).slice()
  connection.receiveBorrowed(buffer, buffer.length, 0)
  buffer.fill(0xaa)
}

/** The same for a copy of what the connection has a home for. */
function lendCopy({ connection }: TestConnection, frames: readonly Uint8Array[]): Uint8Array {
  const home = concatBytes(...frames).slice()
  const buffer = concatBytes(home, patterned(500)).slice()
  connection.receiveBorrowed(buffer, home.length, 0, home)
  buffer.fill(0xaa)
  return home
}

describe.each(roles)('messages that a %s hands out of one read', (role) => {
  const fromPeer = (spec: FrameSpec): Uint8Array => frameBytes(role === 'server' ? { ...spec, mask: TEST_MASK } : spec)
  const binary = (payload: Uint8Array): Uint8Array => fromPeer({ opcode: 2, payload })
  const open = (options: ConnectionOptions = {}): TestConnection =>
    openConnection(role, { textAs: 'bytes', ...options })
  const arraysOf = ({ sink }: TestConnection): ArrayBufferLike[] => [
    ...new Set((sink.messages as Uint8Array[]).map(({ buffer }) => buffer)),
  ]

  test('share one array, which they fill but for the headers', () => {
    const our = open()
    const payloads = [64, 0, 1, 125, 126, KIB, 40].map((size, seed) => patterned(size, seed))
    lend(
      our,
      payloads.map((payload, i) => fromPeer({ opcode: i % 2 === 0 ? 1 : 2, payload })),
    )
    expect(our.sink.messages).toEqual(payloads)
    const [array, ...others] = arraysOf(our)
    expect(others).toEqual([])
    const payloadBytes = payloads.reduce((sum, { length }) => sum + length, 0)
    expect(array?.byteLength).toBeLessThanOrEqual(payloadBytes + payloads.length * 8)
  })

  test('have arrays of 64 KiB at most, and large ones their own', () => {
    const our = open()
    const payloads = Array.from({ length: 200 }, (_, seed) => patterned(seed === 90 ? 17 * KIB : KIB, seed))
    lend(our, payloads.map(binary))
    expect(our.sink.messages).toEqual(payloads)
    const arrays = arraysOf(our)
    expect(arrays.length).toBeLessThan(8)
    for (const { byteLength } of arrays) expect(byteLength).toBeLessThanOrEqual(64 * KIB)
    expect((our.sink.messages[0] as Uint8Array).buffer).toBe((our.sink.messages[50] as Uint8Array).buffer)
  })

  test('of more than 16 KiB have an array each', () => {
    const our = open()
    const payloads = [1, 2, 3].map((seed) => patterned(16 * KIB + 1, seed))
    lend(our, payloads.map(binary))
    expect(our.sink.messages).toEqual(payloads)
    expect(arraysOf(our).map(({ byteLength }) => byteLength)).toEqual(payloads.map(({ length }) => length))
  })

  test('do not keep text that was handed out as strings', () => {
    const our = open({ textAs: 'string' })
    const text = 'x'.repeat(5000)
    const textFrame = fromPeer({ opcode: 1, payload: text })
    lend(our, [binary(patterned(70)), binary(patterned(9)), textFrame, binary(patterned(9))])
    expect(our.sink.messages).toEqual([patterned(70), patterned(9), text, patterned(9)])
    const bytes = our.sink.messages.filter((message) => typeof message !== 'string')
    for (const { buffer } of bytes) expect(buffer.byteLength).toBeLessThan(100)
  })

  test('are right when reading pauses behind each, and chunks come meanwhile', () => {
    const our = open()
    our.sink.onEvent = ({ type }) => {
      if (type === 'message') our.connection.pause()
    }
    const payloads = [64, 200, 30, 1000, 0, 7].map((size, seed) => patterned(size, seed))
    lend(our, payloads.map(binary))
    lend(our, payloads.map(binary))
    while (our.connection.paused) our.connection.resume()
    expect(our.sink.messages).toEqual([...payloads, ...payloads])
  })

  test('lie at home, large and small, where there is one', () => {
    const our = open()
    const payloads = [3, 90, 20 * KIB, KIB, 0].map((size, seed) => patterned(size, seed))
    const home = lendCopy(our, payloads.map(binary))
    expect(our.sink.messages).toEqual(payloads)
    expect(arraysOf(our)).toEqual([home.buffer])
  })

  test('are right when they lie at home and reading pauses behind each', () => {
    const our = open()
    our.sink.onEvent = ({ type }) => {
      if (type === 'message') our.connection.pause()
    }
    const payloads = [64, 200, 30, 1000, 0, 7].map((size, seed) => patterned(size, seed))
    for (let read = 0; read < 2; read++) lendCopy(our, payloads.map(binary))
    while (our.connection.paused) our.connection.resume()
    expect(our.sink.messages).toEqual([...payloads, ...payloads])
  })

  test('are judged by limits that changed between them', () => {
    const our = open()
    const { message } = our.sink
    our.sink.message = (data, type) => {
      message.call(our.sink, data, type)
      const ports = { random: () => 0, randomKey: () => 0 }
      our.connection.readBy(new ConnectionProfile(role, { maxMessageBytes: 300 }, ports))
    }
    const payloads = [64, 200, 300, 301, 10].map((size, seed) => patterned(size, seed))
    lend(our, payloads.map(binary))
    our.connection.receiveEnd(0)
    expect(our.sink.messages).toEqual(payloads.slice(0, 3))
    expect(our.sink.outcome).toMatchObject({ code: 1009 })
  })

  test('are right in front of and behind frames that are none: a ping, fragments, half a message', () => {
    const our = open()
    const half = binary(patterned(500, 5))
    lend(our, [
      binary(patterned(90, 1)),
      binary(patterned(20, 2)),
      fromPeer({ opcode: 9, payload: 'ping' }),
      fromPeer({ opcode: 1, fin: false, payload: 'in ' }),
      fromPeer({ opcode: 0, payload: 'parts' }),
      binary(patterned(90, 3)),
      binary(patterned(20, 4)),
      half.subarray(0, 300),
    ])
    lend(our, [half.subarray(300), binary(patterned(20, 6)), binary(patterned(20, 7))])
    const told = our.sink.events.map((event) => (event.type === 'message' ? event.data : event.type))
    const bytes = (seed: number, size = 20): Uint8Array => patterned(size, seed)
    const parts = new Uint8Array(Buffer.from('in parts'))
    expect(told).toEqual([
      bytes(1, 90),
      bytes(2),
      'ping',
      parts,
      bytes(3, 90),
      bytes(4),
      bytes(5, 500),
      bytes(6),
      bytes(7),
    ])
  })

  test('§8.1 are checked one by one: text that is not UTF-8 ends it, behind what came before', () => {
    const our = open()
    const good = new Uint8Array(Buffer.from('grün'))
    const text = (payload: Uint8Array): Uint8Array => fromPeer({ opcode: 1, payload })
    lend(our, [binary(patterned(99)), text(good), text(Uint8Array.of(0x66, 0xff)), binary(patterned(9))])
    our.connection.receiveEnd(0)
    expect(our.sink.messages).toEqual([patterned(99), good])
    expect(our.sink.outcome).toMatchObject({ code: 1007 })
  })

  test('end where a handler closes and the peer has, too', () => {
    const our = open()
    lend(our, [
      binary(patterned(99)),
      binary(patterned(9)),
      fromPeer({ opcode: 8, payload: closePayload(1000) }),
      binary(patterned(9)),
    ])
    expect(our.sink.messages).toEqual([patterned(99), patterned(9)])
  })
})
