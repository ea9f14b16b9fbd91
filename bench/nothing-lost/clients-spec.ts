import type { Position } from '@wigwag/hub'
import type { Tally, Unrecovered } from './ledger.ts'

/** The clients of one process. */
export interface ClientsSpec {
  readonly sessions: readonly { readonly port: number; readonly channels: readonly string[] }[]
}

/** How far the streams were published, of each channel; and how many of each of its publishers. */
export interface Goal {
  readonly positions: Readonly<Record<string, Position>>
  readonly counts: Readonly<Record<string, readonly number[]>>
}

/** What the clients are told: that everything is published, and then that nothing more is waited for. */
export type ClientsAsked = { readonly kind: 'finish'; readonly goal: Goal } | { readonly kind: 'give-up' }

/** What became of the clients. */
export interface ClientsReport extends Tally {
  readonly kind: 'report'
  /** Publications that never came, over all subscriptions (count). */
  readonly missing: number
  /** Clients and subscriptions that were ended for good (count). */
  readonly ended: number
  /** Subscriptions that never came to the end (count). */
  readonly unfinished: number
  /** Errors that clients heard of, and went on (count). */
  readonly errors: number
}

/** What the clients tell. */
export type ClientsTold =
  | { readonly kind: 'subscribed' }
  | ({ readonly kind: 'unrecovered'; readonly channel: string } & Unrecovered)
  | ClientsReport
