import type { ShareLimits } from '../share/share-limits.ts'

/** What makes the same transport in another thread. */
export interface PlainTransport {
  readonly name: string
  readonly options: object
}

/** How a switchboard is made in another thread. */
export interface PlainSettings {
  readonly url: string
  readonly transports: readonly PlainTransport[]
  readonly connectTimeoutMs: number
  readonly moveUpDelayMs: number
  readonly limits: Required<ShareLimits>
  /** The transport that is known to work, as far as the page has kept it. */
  readonly worked?: string
}

/** What a tab says first to the worker. */
export interface WorkerHello {
  readonly type: 'hello'
  /** Whose switchboard. */
  readonly name: string
  /** The lock that it holds as long as it is there. */
  readonly lock: string
  readonly settings: PlainSettings
}

/** What the page is to keep: workers cannot. */
export interface WorkerMemo {
  readonly type: 'keep'
  readonly key: string
  /** Undefined: nothing. */
  readonly text: string | undefined
}

/** What the worker answers. */
export interface WorkerReady {
  readonly type: 'ready'
  /** The lock that it holds as long as it is there. */
  readonly lock: string
}
