import { FrameArena, portableBytes } from '@wigwag/socket/core'
import { describe, expect, test } from 'vitest'

test('reserving within the size keeps the buffer and what is in it', () => {
  const arena = new FrameArena(portableBytes, 100)
  const { buffer } = arena
  arena.reserve(60)
  arena.used = 60
  arena.reserve(40)
  expect(arena.buffer).toBe(buffer)
  expect(arena.used).toBe(60)
})

test('reserving more than is left takes a new buffer and leaves the old one to its holders', () => {
  const arena = new FrameArena(portableBytes, 100)
  const { buffer } = arena
  buffer.fill(7)
  arena.used = 60
  arena.reserve(41)
  expect(arena.buffer).not.toBe(buffer)
  expect(arena.buffer).toHaveLength(100)
  expect(arena.used).toBe(0)
  expect(buffer).toEqual(new Uint8Array(100).fill(7))
})

test('reserving more than the size makes one larger buffer, which recycling gives up again', () => {
  const arena = new FrameArena(portableBytes, 100)
  arena.reserve(250)
  expect(arena.buffer).toHaveLength(250)
  arena.recycle()
  expect(arena.buffer).toHaveLength(100)
})

test('recycling starts again at the front of the same buffer, as a new generation', () => {
  const arena = new FrameArena(portableBytes, 100)
  const { buffer } = arena
  arena.used = 60
  arena.recycle()
  expect(arena).toMatchObject({ used: 0, generation: 1 })
  expect(arena.buffer).toBe(buffer)
})

describe('the frame encoded last', () => {
  const encoded = (data: string | Uint8Array, payload: readonly number[]) => {
    const arena = new FrameArena(portableBytes, 100)
    arena.buffer.set([0x82, payload.length, ...payload], 10)
    arena.used = 12 + payload.length
    arena.remember(data, 10, 12)
    return arena
  }

  test('is known by what it carries and by its first byte', () => {
    const arena = encoded('ab', [0x61, 0x62])
    expect(arena.latestStart).toBe(10)
    expect(arena.endsWith('ab', 0x82)).toBe(true)
    expect(arena.endsWith('ab', 0x81)).toBe(false)
    expect(arena.endsWith('ac', 0x82)).toBe(false)
    expect(arena.endsWith(undefined, 0x82)).toBe(false)
  })

  test('is that of an array as long as its bytes are the same', () => {
    const data = Uint8Array.of(1, 2, 3)
    const arena = encoded(data, [1, 2, 3])
    expect(arena.endsWith(data, 0x82)).toBe(true)
    expect(arena.endsWith(Uint8Array.of(1, 2, 3), 0x82), 'somebody else’s').toBe(false)
    data[1] = 9
    expect(arena.endsWith(data, 0x82)).toBe(false)
    data[1] = 2
    expect(arena.endsWith(data, 0x82)).toBe(true)
  })

  test.each<[string, (arena: FrameArena) => void]>([
    ['another frame came behind it', (arena) => arena.used++],
    [
      'the arena goes on in another buffer',
      (arena) => {
        arena.reserve(90)
        arena.buffer[10] = 0x82
        arena.used = 14
      },
    ],
    [
      'the arena starts again',
      (arena) => {
        arena.recycle()
        arena.used = 14
      },
    ],
    ['it is to be forgotten', (arena) => arena.forget()],
  ])('is not known any more when %s', (_when, change) => {
    const arena = encoded('ab', [0x61, 0x62])
    change(arena)
    expect(arena.endsWith('ab', 0x82)).toBe(false)
    expect(arena.endsWith(undefined, 0x82)).toBe(false)
  })
})

test('a driver that does not choose gets an arena of 256 KiB', () => {
  expect(new FrameArena(portableBytes).buffer).toHaveLength(256 * 1024)
})
