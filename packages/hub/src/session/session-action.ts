import type { Disconnect } from '@wigwag/protocol'
import type { ClientSession } from './client-session.ts'
import { ends } from './disconnects.ts'
import type { ServerSubscriptionOptions } from './server-subscription.ts'

/** Whom something is meant for: one session, or all of a user; with both, the session if it is that user's. */
export type SessionTarget =
  | { readonly client: string; readonly user?: string }
  | { readonly user: string; readonly client?: undefined }

/** What a server can do to sessions, wherever in the cluster they are. It is plain data: JSON can carry it from hub to hub. */
export type SessionAction =
  | {
      readonly type: 'disconnect'
      readonly target: SessionTarget
      readonly disconnect?: Disconnect
      /** Sessions that stay, by their ids. */
      readonly except?: readonly string[]
    }
  | ({
      readonly type: 'subscribe'
      readonly target: SessionTarget
      readonly channel: string
    } & ServerSubscriptionOptions)
  | {
      readonly type: 'unsubscribe'
      readonly target: SessionTarget
      readonly channel: string
      readonly code?: number
      readonly reason?: string
    }
  /** The credentials hold until `expiresAt` (milliseconds since 1970), or for ever when that is left out. */
  | { readonly type: 'refresh'; readonly target: SessionTarget; readonly expiresAt?: number }
  /** They hold no more. */
  | { readonly type: 'expire'; readonly target: SessionTarget }

/** An action, and the hub that tells it. */
export interface ToldAction {
  readonly hub: string
  readonly action: SessionAction
}

const KIND = 'session-action'

/** Writes what one hub tells the others. */
export function encodeSessionAction(hub: string, action: SessionAction): string {
  return JSON.stringify({ kind: KIND, hub, action })
}

/** Reads it. Returns nothing for what is something else, as a newer hub may tell. */
export function decodeSessionAction(message: string): ToldAction | undefined {
  try {
    const told = JSON.parse(message) as (ToldAction & { readonly kind?: unknown }) | null
    const isAction = told?.kind === KIND && typeof told.hub === 'string' && typeof told.action?.target === 'object'
    return isAction ? { hub: told.hub, action: told.action } : undefined
  } catch {
    return undefined
  }
}

/** Does it to one session. */
export function applyAction(session: ClientSession, action: SessionAction): void {
  switch (action.type) {
    case 'disconnect':
      if (action.except?.includes(session.client) !== true) session.disconnect(action.disconnect)
      break
    case 'subscribe':
      session.subscribe(action.channel, action)
      break
    case 'unsubscribe':
      session.unsubscribe(action.channel, action.code, action.reason)
      break
    case 'refresh':
      session.refresh(action.expiresAt)
      break
    case 'expire':
      session.disconnect(ends('expired'))
      break
  }
}
