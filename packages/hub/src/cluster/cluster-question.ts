import type { Json } from '@wigwag/protocol'

/** What every hub of a cluster can be asked. It is plain data: JSON carries it from hub to hub. */
export type ClusterQuestion =
  | { readonly type: 'info' }
  | { readonly type: 'channels'; readonly pattern?: string }
  | { readonly type: 'connections'; readonly user?: string }

/** A hub of the cluster, and how much there is on it. */
export interface HubInfo {
  /** Its id, new whenever its process starts. */
  readonly id: string
  /** What it is called. */
  readonly name: string
  /** Connected sessions (count). */
  readonly sessions: number
  /** Different users among them (count); all who are anonymous are one. */
  readonly users: number
  /** Channels that somebody is subscribed to there (count). */
  readonly channels: number
  /** Subscriptions in them (count). */
  readonly subscriptions: number
  /** For how long it has been there, in milliseconds. */
  readonly uptimeMs: number
}

/** A connected session as the server sees it. */
export interface ConnectedSession {
  readonly client: string
  readonly user: string
  /** What carries it, as in `'websocket'`. */
  readonly transport: string
  /** Channels that it is subscribed to. */
  readonly channels: readonly string[]
  readonly info?: Json
  readonly meta?: Json
}

/** What one hub answers, by question. A list that has reached its limit is not complete. */
export interface ClusterAnswers {
  readonly info: HubInfo
  readonly channels: {
    readonly channels: readonly (readonly [name: string, subscriptions: number])[]
    readonly isComplete: boolean
  }
  readonly connections: { readonly sessions: readonly ConnectedSession[]; readonly isComplete: boolean }
}

/** What this hub answers; nothing to a question that it does not know, as a newer hub may ask. */
export type AnswerQuestion = (question: ClusterQuestion) => ClusterAnswers[ClusterQuestion['type']] | undefined
