import type { ClientState } from '@wigwag/client'
import { describeReason } from './describe-reason.ts'

/** The connection as a page shows it. */
export type ConnectionView =
  | { readonly phase: 'closed'; readonly trouble: string | undefined }
  | { readonly phase: 'connecting' }
  | { readonly phase: 'waiting'; readonly reconnectAtMs: number; readonly trouble: string }
  | { readonly phase: 'open'; readonly transport: string; readonly isSuspect: boolean }

/** What a state that began now means for whoever looks at the page. */
export function viewConnection(state: ClientState, nowMs: number): ConnectionView {
  switch (state.phase) {
    case 'connected':
      return { phase: 'open', transport: state.transport, isSuspect: state.isSuspect }
    case 'disconnected':
      return { phase: 'closed', trouble: describeReason(state.reason) }
    case 'connecting': {
      const trouble = describeReason(state.reason)
      return trouble === undefined
        ? { phase: 'connecting' }
        : { phase: 'waiting', reconnectAtMs: nowMs + state.delayMs, trouble }
    }
  }
}

/** The word for the state of the connection. */
export function describePhase({ phase }: ConnectionView): string {
  switch (phase) {
    case 'connecting':
      return 'Connecting'
    case 'open':
      return 'Open'
    case 'waiting':
      return 'Reconnecting'
    case 'closed':
      return 'Closed'
  }
}

/** A transport by the name that people know; that of a shared connection by what this goes over. */
export function describeTransport(transport: string): string {
  const name = transport.replace(SHARED, '')
  return TRANSPORT_WORDS[name] ?? name
}

/** Whether other tabs may be on it. */
export function isShared(transport: string): boolean {
  return SHARED.test(transport)
}

const SHARED = /^shared\//

const TRANSPORT_WORDS: Readonly<Record<string, string>> = {
  websocket: 'WebSocket',
  'http-stream': 'HTTP stream',
  sse: 'event stream',
  'long-poll': 'long polls',
  poll: 'polls',
}

/** What follows the word while it waits, in whole seconds rounded up; nothing once the next attempt is under way. */
export function describeCountdown(reconnectAtMs: number, nowMs: number): string {
  const seconds = Math.ceil((reconnectAtMs - nowMs) / 1000)
  return seconds > 0 ? `in ${seconds} s` : '…'
}
