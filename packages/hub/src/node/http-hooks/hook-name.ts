/** What is asked over HTTP, or told: names of options. */
export type HookName = 'connect' | 'refresh' | 'subscribe' | 'subRefresh' | 'publish' | 'rpc' | 'disconnected'

/** How a hook behaves that its URL does not say. */
interface HookKind {
  /** Its name in the body of a call. */
  readonly event: string
  /** `'question'`: may be asked again, nothing comes of it; `'order'`: is never sent twice, where the first may have arrived. */
  readonly kind: 'question' | 'order'
}

/** By name. */
export const HOOKS: Readonly<Record<HookName, HookKind>> = {
  connect: { event: 'connect', kind: 'question' },
  refresh: { event: 'refresh', kind: 'question' },
  subscribe: { event: 'subscribe', kind: 'question' },
  subRefresh: { event: 'sub_refresh', kind: 'question' },
  publish: { event: 'publish', kind: 'order' },
  rpc: { event: 'rpc', kind: 'order' },
  disconnected: { event: 'disconnected', kind: 'question' },
}

/** All of them. */
export const HOOK_NAMES = Object.keys(HOOKS) as readonly HookName[]
