import { portableBytes } from '@wigwag/socket/core'
import { frameBytes, TEST_MASK } from '@wigwag/socket/testing'
import { expect, test } from 'vitest'
import type { ChunkReaderOwner } from '../../../src/core/connection/chunk-reader.ts'
import { ReaderPool } from '../../../src/core/connection/reader-pool.ts'

const FRAME = { role: 'server', maxFrameBytes: 100, reservedBits: 0 } as const
const MESSAGE = { maxMessageBytes: 100, maxFragments: 3, utf8: 'strict' } as const

function owner(): ChunkReaderOwner & { readonly told: string[] } {
  const told: string[] = []
  return {
    told,
    wantsInput: true,
    readingFailed() {},
    inputEnded() {},
    message(_type, bytes, start, end) {
      told.push(portableBytes.decodeText(bytes, start, end, true))
      return true
    },
    controlFrame: () => undefined,
    control: () => true,
    fault() {},
  }
}

test('one reader serves one connection after the other, and keeps none of them', () => {
  const pool = new ReaderPool(portableBytes)
  const [first, second] = [owner(), owner()]
  const reader = pool.take(first, FRAME, MESSAGE, undefined)
  expect(reader.push(frameBytes({ opcode: 1, payload: 'a', mask: TEST_MASK }))).toBe(true)
  pool.giveBack(reader)
  reader.push(frameBytes({ opcode: 1, payload: 'nobody', mask: TEST_MASK }))
  expect(pool.take(second, FRAME, MESSAGE, undefined)).toBe(reader)
  reader.push(frameBytes({ opcode: 1, payload: 'b', mask: TEST_MASK }))
  expect([first.told, second.told]).toEqual([['a'], ['b']])
})

test('two that read at the same time have one each, of which one is kept', () => {
  const pool = new ReaderPool(portableBytes)
  const readers = [owner(), owner()].map((own) => pool.take(own, FRAME, MESSAGE, undefined))
  expect(readers[0]).not.toBe(readers[1])
  for (const reader of readers) pool.giveBack(reader)
  expect(pool.take(owner(), FRAME, MESSAGE, undefined)).toBe(readers[0])
  expect(readers).not.toContain(pool.take(owner(), FRAME, MESSAGE, undefined))
})

test.each([
  ['in a header', frameBytes({ opcode: 1, payload: 'a', mask: TEST_MASK }).slice(0, 3)],
  ['in a payload', frameBytes({ opcode: 1, payload: 'abc', mask: TEST_MASK }).slice(0, 7)],
  ['between the fragments of a message', frameBytes({ opcode: 1, fin: false, payload: 'a', mask: TEST_MASK })],
  ['in a ping', frameBytes({ opcode: 9, payload: 'abc', mask: TEST_MASK }).slice(0, 8)],
])('a reader that stands %s remembers something', (_, chunk) => {
  const reader = new ReaderPool(portableBytes).take(owner(), FRAME, MESSAGE, undefined)
  expect(reader.push(chunk)).toBe(false)
})

test('so does one that is paused or has the end of the input', () => {
  const pool = new ReaderPool(portableBytes)
  const whole = () => frameBytes({ opcode: 1, payload: 'a', mask: TEST_MASK })
  const paused = pool.take(owner(), FRAME, MESSAGE, undefined)
  paused.pause()
  expect(paused.push(whole())).toBe(false)
  expect(paused.resume()).toBe(true)
  const pausing = owner()
  const pausedWithin = pool.take(pausing, FRAME, MESSAGE, undefined)
  pausing.message = () => {
    pausedWithin.pause()
    return false
  }
  expect(pausedWithin.push(whole())).toBe(false)
  const ended = pool.take(owner(), FRAME, MESSAGE, undefined)
  ended.end()
  expect(ended.push(whole())).toBe(false)
})
