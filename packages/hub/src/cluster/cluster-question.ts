import type { Json } from '@wigwag/protocol'

/** What every hub of a cluster can be asked. It is plain data: JSON carries it from hub to hub. */
export type ClusterQuestion =
  | { readonly type: 'info' }
  | { readonly type: 'channels'; readonly pattern?: string }
  | { readonly type: 'connections'; readonly user?: string }
  /** What a client says whose session is on that hub, by its address there. */
  | { readonly type: 'say'; readonly session: string; readonly data: string }
  /** A client asks for what its session has for it. */
  | ({ readonly type: 'poll'; readonly session: string } & PollRequest)

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
  readonly say: { readonly isKnown: boolean }
  readonly poll: PollOutcome
}

/** What a client asks for with a poll. */
export interface PollRequest {
  /** The last packet that it has. */
  readonly last: number
  /** How long it waits if there is nothing, in milliseconds. */
  readonly waitMs: number
}

/** What a poll is answered with: the text that the client is sent, or why there is none. */
export type PollOutcome =
  | { readonly text: string }
  /** `'unknown'`: there is no such session; `'packet'`: it was not sent such a packet, or has had a later one. */
  | { readonly fault: 'unknown' | 'packet' }

/** Any answer. */
export type ClusterAnswer = ClusterAnswers[ClusterQuestion['type']]

/** What this hub answers, perhaps later; nothing to a question that it does not know, as a newer hub may ask. */
export type AnswerQuestion = (question: ClusterQuestion) => ClusterAnswer | Promise<ClusterAnswer> | undefined
