/** Nothing; not merging what comes live while history is read; or telling of gaps that there are not. */
export const SABOTAGES = ['none', 'forget-live', 'invent-gaps'] as const
/** What nodes can do wrong on purpose. */
export type Sabotage = (typeof SABOTAGES)[number]

/** What breaks, and how often; and who publishes and listens meanwhile. */
export interface Scenario {
  readonly name: string
  /** Everything that is random comes from it. */
  readonly seed: number
  /** How Redis keeps what it stores: each command on disk before it is answered, or nothing. */
  readonly persistence: 'always' | 'none'
  /** Acknowledged publications, over all channels (count). */
  readonly publications: number
  readonly channels: number
  /** Those of a channel publish one publication after the other, each its own numbers (count). */
  readonly publishersPerChannel: number
  readonly sessions: number
  readonly channelsPerSession: number
  /** Processes that sessions' clients are in (count). */
  readonly clientProcesses: number
  /** How often something is killed or cut (count). */
  readonly faults: number
  /** Publications retained in each channel (count). */
  readonly historySize: number
  /** What nodes do wrong on purpose. */
  readonly sabotage: Sabotage
  /** After this the run has failed, in milliseconds. */
  readonly deadlineMs: number
}

/** Longer than any run: what is retained is a matter of its number alone, in milliseconds. */
export const HISTORY_TTL_MS = 3_600_000

const LONG = {
  seed: 20_261_121,
  publications: 100_000,
  channels: 50,
  publishersPerChannel: 2,
  sessions: 500,
  channelsPerSession: 2,
  clientProcesses: 2,
  faults: 10,
  sabotage: 'none',
  deadlineMs: 290_000,
} as const satisfies Partial<Scenario>

const QUICK = {
  ...LONG,
  publications: 3000,
  channels: 10,
  sessions: 60,
  faults: 5,
  deadlineMs: 150_000,
} as const satisfies Partial<Scenario>

/** Redis keeps everything, and history holds everything: nothing may be lost. */
export function runA(size: 'long' | 'quick'): Scenario {
  const scenario = size === 'long' ? LONG : QUICK
  return { ...scenario, name: `A, ${size}`, persistence: 'always', historySize: scenario.publications }
}

/** Redis forgets everything at each of its ends, and history is short: what is lost is told, and nothing else is. */
export function runB(size: 'long' | 'quick'): Scenario {
  const scenario = size === 'long' ? LONG : QUICK
  const perChannel = scenario.publications / scenario.channels
  return { ...scenario, name: `B, ${size}`, persistence: 'none', historySize: Math.ceil(perChannel / 20) }
}
