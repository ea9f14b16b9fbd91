import type { Json } from './json.ts'

/** Who a session is, as others in a channel see it. */
export interface ClientInfo {
  /** The session's id, unique in the cluster. */
  readonly client: string
  /** The user's id; empty for who is anonymous. */
  readonly user: string
  /** What the application said of the user when the session connected. */
  readonly conn_info?: Json
  /** What it said when the session subscribed to this channel. */
  readonly chan_info?: Json
}
