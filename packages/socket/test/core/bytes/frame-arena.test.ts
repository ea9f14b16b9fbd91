import { FrameArena, portableBytes } from '@wigwag/socket/core'
import { expect, test } from 'vitest'

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

test('a driver that does not choose gets an arena of 256 KiB', () => {
  expect(new FrameArena(portableBytes).buffer).toHaveLength(256 * 1024)
})
