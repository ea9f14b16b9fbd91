import type { CutHow, LineConditions, LineDirection } from './fault-conditions.ts'
import type { FaultProxy } from './fault-proxy.ts'

/** Something that happens to all lines of a proxy: for how long, and how long all is well behind it, in milliseconds. */
export type FaultStep = { readonly forMs: number; readonly thenMs: number } & (
  | { readonly kind: 'cut' | 'drop'; readonly how: CutHow }
  | { readonly kind: 'shape'; readonly conditions: Partial<LineConditions> }
)

/** How hard a plan is. */
export interface FaultPlanOptions {
  /** How many faults (count). */
  readonly count: number
  /** Longest that one lasts, in milliseconds. */
  readonly maxForMs: number
  /** Longest that all is well behind one, in milliseconds. */
  readonly maxThenMs: number
}

/** Where randomness comes from: a whole number from 0 up to, not with, `bound`. */
export interface RandomSource {
  below(bound: number): number
}

const HOW: readonly CutHow[] = ['reset', 'end']
const STALLS: readonly (readonly LineDirection[])[] = [['up'], ['down'], ['up', 'down']]

/** Of every kind as many as of the others, in an order, for times and with numbers that `random` has. */
export function planLineFaults(random: RandomSource, { count, maxForMs, maxThenMs }: FaultPlanOptions): FaultStep[] {
  const pick = <T>(choices: readonly T[]): T => choices[random.below(choices.length)] as T
  const kinds: (() => Pick<FaultStep, 'kind'> & object)[] = [
    () => ({ kind: 'cut', how: pick(HOW) }),
    () => ({ kind: 'drop', how: pick(HOW) }),
    () => ({ kind: 'shape', conditions: { stalled: pick(STALLS) } }),
    () => ({ kind: 'shape', conditions: { delayMs: 1 + random.below(100) } }),
    () => ({ kind: 'shape', conditions: { bytesPerSecond: 1000 + random.below(20_000) } }),
    () => ({
      kind: 'shape',
      conditions: { cutAfter: { direction: pick(['up', 'down']), bytes: 1 + random.below(5000), how: pick(HOW) } },
    }),
  ]
  const left = Array.from({ length: count }, (_, i) => kinds[i % kinds.length] as (typeof kinds)[number])
  return Array.from({ length: count }, () => {
    const [make] = left.splice(random.below(left.length), 1)
    const times = { forMs: 1 + random.below(maxForMs), thenMs: random.below(maxThenMs) }
    return { ...make?.(), ...times } as FaultStep
  })
}

/** Has the faults of a plan happen, one behind the other; resolves when all is well again. Ended early, it mends at once. */
export async function playLineFaults(
  proxy: FaultProxy,
  steps: readonly FaultStep[],
  signal: AbortSignal,
): Promise<void> {
  try {
    for (const step of steps) {
      if (signal.aborted) return
      if (step.kind === 'shape') proxy.shape(step.conditions)
      else proxy[step.kind](step.how)
      await wait(step.forMs, signal)
      proxy.mend()
      await wait(step.thenMs, signal)
    }
  } finally {
    proxy.mend()
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
