import { HubError } from '@wigwag/hub'
import { describe, expect, test } from 'vitest'
import { drain } from '../../src/drain/drain.ts'
import { resolveDrainOptions } from '../../src/drain/drain-options.ts'
import type { Drainable } from '../../src/drain/drainable.ts'
import { settled } from '../support/session-clients.ts'

/** Clients that leave when they are told, or only after `stayMs`. */
function createCrowd(size: number) {
  let nowMs = 0
  let tick = (): void => {}
  let emptied = (): void => {}
  const told: { atMs: number; delayMs: number }[] = []
  let terminatedAtMs: number | undefined
  const isEmpty = new Promise<void>((resolve) => {
    emptied = resolve
  })
  const part: Drainable = {
    beginDrain: () => Array.from({ length: size }, () => (delayMs: number) => told.push({ atMs: nowMs, delayMs })),
    emptied: () => isEmpty,
    terminate: () => {
      terminatedAtMs = nowMs
    },
  }
  return {
    part,
    told,
    empty: () => emptied(),
    terminatedAtMs: () => terminatedAtMs,
    isTicking: () => tick !== IDLE,
    ports: {
      elapsedMs: () => 1e6 + nowMs,
      every: (_intervalMs: number, run: () => void) => {
        tick = run
        return () => {
          tick = IDLE
        }
      },
    },
    async advance(ms: number) {
      for (let left = ms; left > 0; left -= 25) {
        nowMs += 25
        tick()
        await settled()
      }
    },
  }
}

const IDLE = (): void => {}

describe('a drain', () => {
  test('tells everybody, waits for them, and is over when the last has left', async () => {
    const crowd = createCrowd(300)
    let isOver = false
    const draining = drain([crowd.part], { overMs: 3000, graceMs: 1000 }, 1e9, crowd.ports).then(() => {
      isOver = true
    })
    expect(crowd.told.length).toBe(1)
    await crowd.advance(1500)
    expect(crowd.told.length).toBe(151)
    await crowd.advance(1500)
    expect(crowd.told.length).toBe(300)
    expect(isOver).toBe(false)
    crowd.empty()
    await draining
    expect(crowd.terminatedAtMs()).toBeUndefined()
    expect(crowd.isTicking()).toBe(false)
  })

  test('drops who has not left when its time is up, and not before', async () => {
    const crowd = createCrowd(300)
    const draining = drain([crowd.part], { overMs: 3000, graceMs: 1000 }, 1e9, crowd.ports)
    await crowd.advance(3975)
    expect(crowd.terminatedAtMs()).toBeUndefined()
    await crowd.advance(25)
    expect(crowd.terminatedAtMs()).toBe(4000)
    await draining
    expect(crowd.isTicking()).toBe(false)
  })

  test('of nobody is over at once', async () => {
    const crowd = createCrowd(0)
    crowd.empty()
    await drain([crowd.part], { overMs: 3000, graceMs: 1000 }, 1e9, crowd.ports)
    await drain([], { overMs: 3000, graceMs: 1000 }, 1e9, crowd.ports)
  })

  test.each([{ overMs: -1 }, { overMs: 1.5 }, { graceMs: Number.NaN }])('%j is no option', (options) => {
    expect(() => resolveDrainOptions(options)).toThrow(HubError)
  })
})
