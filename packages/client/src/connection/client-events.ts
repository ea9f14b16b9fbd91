import type { ClientInfo, Json } from '@wigwag/protocol'
import type { ClientError } from '../error/client-error.ts'
import type { Publication } from '../publication/publication.ts'
import type { ClientState } from '../state/client-state.ts'
import type { Gap } from '../state/gap.ts'

/** What a client tells. `publication` and those behind it are of channels that the server has put the session into. */
export interface ClientEvents {
  /** Each change of its state. */
  state: ClientState
  connecting: ClientState & { readonly phase: 'connecting' }
  /** The session's id, and what the application's `authenticate` said to it. */
  connected: { readonly phase: 'connected'; readonly client: string; readonly data: Json | undefined }
  disconnected: ClientState & { readonly phase: 'disconnected' }
  /** What the server sent to this session, for no channel. */
  message: Json
  /** What went wrong and is tried again, or concerns nobody who waits. */
  error: ClientError
  publication: Publication
  gap: Gap & { readonly channel: string }
  subscribed: { readonly channel: string }
  unsubscribed: { readonly channel: string; readonly code: number; readonly reason: string }
  join: { readonly channel: string; readonly info: ClientInfo }
  leave: { readonly channel: string; readonly info: ClientInfo }
}
