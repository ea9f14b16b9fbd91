import { describe, expect, test } from 'vitest'
import { buildProgram } from '../build-program.ts'
import { restartNode } from '../restart/restart-node.ts'
import { RESTART_WAYS } from '../restart/restart-way.ts'

const SESSIONS = 40
const WORKSPACE = new URL('../../', import.meta.url)

describe('sessions whose node goes recover at another, and nothing is missing or twice', { timeout: 60_000 }, () => {
  test.each(RESTART_WAYS)('$name', async (way) => {
    const nodeFile = await buildProgram(new URL('../restart/node.ts', import.meta.url), WORKSPACE)
    const { faults, outagesMs, cpuMs } = await restartNode(way, SESSIONS, nodeFile, { mode: 'free', reason: 'a test' })
    expect(faults).toEqual([])
    expect(outagesMs).toHaveLength(SESSIONS)
    expect(outagesMs.every((ms) => ms >= 0)).toBe(true)
    expect(cpuMs).toBeGreaterThan(0)
  })
})
