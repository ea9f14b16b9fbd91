import { Random } from '../../tools/fuzz/random.ts'
import type { Scenario } from './scenario.ts'

/** Something that breaks, and for how long. */
export interface Fault {
  readonly kind: 'kill-redis' | 'kill-node' | 'cut-clients'
  /** Which node, or whose clients. */
  readonly node: number
  /** When: as soon as so many publications are acknowledged (count). */
  readonly afterAcknowledged: number
  /** How long it stays away, in milliseconds. */
  readonly awayMs: number
}

const KINDS = ['kill-redis', 'kill-node', 'cut-clients'] as const

/** When what breaks: each kind as often as the others, as the seed has it. */
export function planFaults({ seed, faults, publications }: Scenario, nodes: number): Fault[] {
  const random = new Random(seed)
  const stretch = publications / (faults + 1)
  const kinds = Array.from({ length: faults }, (_, i) => KINDS[i % KINDS.length] as Fault['kind'])
  return shuffle(random, kinds).map((kind, i) => ({
    kind,
    node: random.below(nodes),
    // Never at the very end: what comes behind the last one shows whether all is well again.
    afterAcknowledged: Math.floor(stretch * (i + 0.5) + random.below(Math.ceil(stretch / 2))),
    awayMs: 20 + random.below(400),
  }))
}

function shuffle<T>(random: Random, values: readonly T[]): T[] {
  const left = [...values]
  return values.map(() => left.splice(random.below(left.length), 1)[0] as T)
}
