import { median } from '../statistics.ts'
import type { Contender, MicroCase } from './micro-case.ts'

const WARM_UP_MS = 60
const CALIBRATE_MS = 5

/** What one contender needs for one operation. */
export interface MicroFigure {
  readonly contender: string
  /** CPU time, in nanoseconds: the median of the rounds, and the least and the most of them. */
  readonly ns: number
  readonly minNs: number
  readonly maxNs: number
  /** What it needs, divided by what ours needs in the same round: the median. Above 1, ours is faster. */
  readonly ratio: number
}

/**
 * Checks what every contender does, then runs them in alternating order, round by round. Measured is the CPU time of the
 * whole process, so that other work on the machine does not count; helpers of zlib and the engine do.
 */
export async function measureCase(
  { contenders, operations }: MicroCase,
  rounds: number,
  sampleMs: number,
): Promise<MicroFigure[]> {
  for (const contender of contenders) await contender.check()
  const times = new Map<Contender, number>()
  for (const contender of contenders) times.set(contender, await timesFor(contender, sampleMs))
  const samples = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]))
  for (let round = 0; round < rounds; round++) {
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      const count = times.get(contender) as number
      const ms = await cpuMs(contender, count)
      samples.get(contender)?.push((ms * 1e6) / count / operations)
    }
  }
  const [ours = []] = samples.values()
  return contenders.map((contender) => {
    const ns = samples.get(contender) as number[]
    const ratio = median(ns.map((value, round) => value / (ours[round] as number)))
    return { contender: contender.name, ns: median(ns), minNs: Math.min(...ns), maxNs: Math.max(...ns), ratio }
  })
}

/** How often it does it in a sample: until its code is compiled it only gets faster, so it is warmed up first. */
async function timesFor(contender: Contender, sampleMs: number): Promise<number> {
  let times = 1
  for (let warmedMs = 0; warmedMs < WARM_UP_MS; ) {
    const ms = await cpuMs(contender, times)
    warmedMs += Math.max(ms, 0.001)
    if (ms < CALIBRATE_MS) times *= 2
  }
  const ms = await cpuMs(contender, times)
  return Math.max(1, Math.round((times * sampleMs) / ms))
}

async function cpuMs(contender: Contender, times: number): Promise<number> {
  const before = process.cpuUsage()
  await contender.run(times)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
