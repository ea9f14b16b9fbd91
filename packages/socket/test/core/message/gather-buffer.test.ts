import { type BytePort, portableBytes } from '@wigwag/socket/core'
import { describe, expect, test } from 'vitest'
import { GatherBuffer } from '../../../src/core/message/gather-buffer.ts'
import '../support/byte-equality.ts'

/** A port that remembers what was allocated. */
function counting(): { port: BytePort; allocated: number[] } {
  const allocated: number[] = []
  const allocate = (size: number): Uint8Array => {
    allocated.push(size)
    return portableBytes.allocate(size)
  }
  return { port: { ...portableBytes, allocate }, allocated }
}

describe('memory follows what was received, not what was announced', () => {
  test('an announced gigabyte of which one byte came takes 64 KiB', () => {
    const { port, allocated } = counting()
    new GatherBuffer(port).append(Uint8Array.of(1), 0, 1, 2 ** 30)
    expect(allocated).toEqual([64 * 1024])
  })

  test('an announced small message takes exactly what it needs, once', () => {
    const { port, allocated } = counting()
    const gathered = new GatherBuffer(port)
    gathered.append(new Uint8Array(600), 0, 600, 400)
    gathered.append(new Uint8Array(400), 0, 400, 0)
    expect(allocated).toEqual([1000])
    expect(gathered.take()).toHaveLength(1000)
  })

  test('up to 1 MiB all that was announced is taken once a sixteenth came', () => {
    const { port, allocated } = counting()
    const gathered = new GatherBuffer(port)
    gathered.append(new Uint8Array(65_536), 0, 65_536, 2 ** 20 - 65_536)
    expect(allocated).toEqual([2 ** 20])
    new GatherBuffer(port).append(new Uint8Array(65_535), 0, 65_535, 2 ** 20)
    expect(allocated.at(-1)).toBe(65_535 * 16)
  })

  test('above it growing never takes more than four times what came', () => {
    const { port, allocated } = counting()
    const gathered = new GatherBuffer(port)
    const chunk = new Uint8Array(50_000)
    for (let left = 10_000_000; left > 0; left -= chunk.length) {
      gathered.append(chunk, 0, chunk.length, left - chunk.length)
      expect(allocated.at(-1)).toBeLessThanOrEqual(Math.max(2 ** 20, gathered.size * 4))
    }
    expect(gathered.size).toBe(10_000_000)
    expect(allocated.length).toBeLessThan(6)
  })

  test('a flood of tiny fragments is not copied once per fragment', () => {
    const { port, allocated } = counting()
    const gathered = new GatherBuffer(port)
    for (let i = 0; i < 100_000; i++) gathered.append(Uint8Array.of(i), 0, 1, 0)
    expect(gathered.size).toBe(100_000)
    expect(allocated.length).toBeLessThan(20)
    const bytes = gathered.take()
    expect(bytes).toEqual(Uint8Array.from({ length: 100_000 }, (_, i) => i))
  })
})

describe('what was taken', () => {
  test('belongs to the taker: the buffer starts anew', () => {
    const gathered = new GatherBuffer(portableBytes)
    gathered.append(Uint8Array.of(9, 1, 2, 9), 1, 3, 0)
    const first = gathered.take()
    gathered.append(Uint8Array.of(3), 0, 1, 0)
    expect([first, gathered.take()]).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3)])
    expect(gathered.size).toBe(0)
  })

  test('is empty when nothing came', () => {
    expect(new GatherBuffer(portableBytes).take()).toEqual(new Uint8Array(0))
    const gathered = new GatherBuffer(portableBytes)
    gathered.append(new Uint8Array(4), 2, 2, 0)
    expect(gathered.take()).toEqual(new Uint8Array(0))
  })
})
