import { checkNumberOption } from '../check-option.ts'
import type { ProcessGroup } from './process-group.ts'

/** How a program is brought to its end: each step is taken when the one before has not sufficed. */
export interface KillLadderOptions {
  /** How long it has after its input has ended, in milliseconds, before the first signal. Default 100. */
  readonly inputGraceMs?: number
  /** How long after SIGINT, in milliseconds. Default 250. */
  readonly interruptGraceMs?: number
  /** How long after SIGTERM, in milliseconds; then comes SIGKILL. Default 500. */
  readonly terminateGraceMs?: number
}

/** `KillLadderOptions` with every default filled in. */
export type ResolvedKillLadder = Required<KillLadderOptions>

const DEFAULTS = {
  inputGraceMs: 100,
  interruptGraceMs: 250,
  terminateGraceMs: 500,
} as const

/** One step: wait, and signal whoever is left. */
export interface Rung {
  readonly waitMs: number
  readonly signal: NodeJS.Signals
}

/** Fills in the defaults. Throws `ProgramsError` `ERR_PROGRAM_OPTION` that names the option and what it takes. */
export function resolveKillLadder(options: KillLadderOptions = {}): ResolvedKillLadder {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const resolved: ResolvedKillLadder = { ...DEFAULTS, ...given }
  for (const name of Object.keys(DEFAULTS) as (keyof KillLadderOptions)[]) checkNumberOption(name, resolved[name], 0)
  return resolved
}

/** The steps behind the end of its input. */
export function rungsOf({ inputGraceMs, interruptGraceMs, terminateGraceMs }: ResolvedKillLadder): readonly Rung[] {
  return [
    { waitMs: inputGraceMs, signal: 'SIGINT' },
    { waitMs: interruptGraceMs, signal: 'SIGTERM' },
    { waitMs: terminateGraceMs, signal: 'SIGKILL' },
  ]
}

/** How often one looks whether a group without its leader is gone, in milliseconds: nobody tells. */
const LOOK_MS = 20
/** How long SIGKILL may take to show. A process that the kernel holds (state D) is left to it. */
const KILL_WAIT_MS = 1000

/**
 * Takes one step after the other until the group is gone. `ended` resolves when its leader has; `delay` is a timer.
 * Resolves when nothing of it is left, or a second after SIGKILL.
 */
export async function climb(
  group: ProcessGroup,
  rungs: readonly Rung[],
  ended: Promise<unknown>,
  delay: (ms: number) => Promise<void> = wait,
): Promise<void> {
  for (const { waitMs, signal } of rungs) {
    if (await isGoneWithin(group, ended, waitMs, delay)) return
    group.signal(signal)
  }
  await isGoneWithin(group, ended, KILL_WAIT_MS, delay)
}

async function isGoneWithin(
  group: ProcessGroup,
  ended: Promise<unknown>,
  timeMs: number,
  delay: (ms: number) => Promise<void>,
): Promise<boolean> {
  let isLed = true
  const leaderEnded = ended.then(() => {
    isLed = false
  })
  let leftMs = timeMs
  while (leftMs > 0 && group.isAlive) {
    // A leader's end is told; that of others is looked for.
    const stepMs = isLed ? leftMs : Math.min(leftMs, LOOK_MS)
    const before = performance.now()
    await (isLed ? Promise.race([leaderEnded, delay(stepMs)]) : delay(stepMs))
    leftMs -= Math.max(1, performance.now() - before)
  }
  return !group.isAlive
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
