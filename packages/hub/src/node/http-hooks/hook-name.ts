/** What is asked over HTTP, or told: names of options. */
export type HookName = 'connect' | 'refresh' | 'subscribe' | 'subRefresh' | 'publish' | 'rpc' | 'disconnected'

/** How a hook behaves that its URL does not say. */
interface HookKind {
  /** Its name in the body of a call. */
  readonly event: string
  /** `'question'`: may be asked again, nothing comes of it; `'order'`: is never sent twice, where the first may have arrived. */
  readonly kind: 'question' | 'order'
  /** Whether it is tried again after a failure, because nobody waits for the answer. */
  readonly isRetried: boolean
  /** Whether what it waits for its turn counts as part of its time. */
  readonly isWaitTimed: boolean
}

/** By name. */
export const HOOKS: Readonly<Record<HookName, HookKind>> = {
  connect: { event: 'connect', kind: 'question', isRetried: false, isWaitTimed: true },
  refresh: { event: 'refresh', kind: 'question', isRetried: true, isWaitTimed: true },
  subscribe: { event: 'subscribe', kind: 'question', isRetried: false, isWaitTimed: true },
  subRefresh: { event: 'sub_refresh', kind: 'question', isRetried: true, isWaitTimed: true },
  publish: { event: 'publish', kind: 'order', isRetried: false, isWaitTimed: true },
  rpc: { event: 'rpc', kind: 'order', isRetried: false, isWaitTimed: true },
  disconnected: { event: 'disconnected', kind: 'question', isRetried: true, isWaitTimed: false },
}

/** All of them. */
export const HOOK_NAMES = Object.keys(HOOKS) as readonly HookName[]
