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
}

/** By name. */
export const HOOKS: Readonly<Record<HookName, HookKind>> = {
  connect: { event: 'connect', kind: 'question', isRetried: false },
  refresh: { event: 'refresh', kind: 'question', isRetried: true },
  subscribe: { event: 'subscribe', kind: 'question', isRetried: false },
  subRefresh: { event: 'sub_refresh', kind: 'question', isRetried: true },
  publish: { event: 'publish', kind: 'order', isRetried: false },
  rpc: { event: 'rpc', kind: 'order', isRetried: false },
  disconnected: { event: 'disconnected', kind: 'question', isRetried: true },
}

/** All of them. */
export const HOOK_NAMES = Object.keys(HOOKS) as readonly HookName[]
