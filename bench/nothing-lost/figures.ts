import type { Scenario } from './scenario.ts'

/** What came of a run (counts). */
export interface Figures {
  readonly acknowledged: number
  readonly delivered: number
  readonly recovered: number
  readonly unrecovered: number
  /** Of the unrecovered, those that the broker still had all for. */
  readonly avoidable: number
  readonly refused: number
  readonly unanswered: number
  readonly redisKills: number
  readonly nodeKills: number
  readonly cuts: number
  /** Acknowledged publications that the broker has not, or has elsewhere than was said. Only where Redis keeps everything. */
  readonly unstored?: number
  /** Publications that the broker has twice. Only there. */
  readonly storedTwice?: number
  /** Deliveries of acknowledged publications that never came. Only there. */
  readonly lost?: number
  readonly doubled: number
  readonly disordered: number
  readonly gaps: number
  readonly strayed: number
  readonly ended: number
  readonly unfinished: number
  readonly errors: number
  readonly seconds: number
}

/** What must be 0 in every run, and what its being otherwise means. */
const NEVER = {
  avoidable: 'recoveries failed though the broker had everything',
  doubled: 'publications came twice',
  disordered: 'publications came out of order',
  gaps: 'gaps were not told',
  strayed: 'subscriptions went on somewhere else, untold',
  ended: 'clients were ended for good',
  unfinished: 'subscriptions did not come to the end',
} as const satisfies Partial<Record<keyof Figures, string>>

/** What must be 0 where Redis keeps everything. */
const NEVER_WHEN_KEPT = {
  unstored: 'acknowledged publications are not in the broker',
  storedTwice: 'publications are in the broker twice',
  lost: 'deliveries of acknowledged publications never came',
  unrecovered: 'recoveries failed',
} as const satisfies Partial<Record<keyof Figures, string>>

/** What is wrong, in words; nothing when all is well. */
export function findBreaches({ persistence, publications, faults }: Scenario, figures: Figures): string[] {
  const rules = persistence === 'always' ? { ...NEVER, ...NEVER_WHEN_KEPT } : NEVER
  const breaches = Object.entries(rules).flatMap(([name, meaning]) => {
    const count = figures[name as keyof Figures]
    return count === 0 ? [] : [`${count} ${meaning}`]
  })
  const happened = figures.redisKills + figures.nodeKills + figures.cuts
  if (happened !== faults) breaches.push(`${happened} faults happened, not ${faults}`)
  if (figures.acknowledged < publications) {
    breaches.push(`${figures.acknowledged} publications were acknowledged, not ${publications}`)
  }
  // A run in which nobody recovered shows nothing.
  if (figures.recovered === 0) breaches.push('nobody recovered')
  return breaches
}
