import type { ClusterAnswer, ClusterQuestion } from './cluster-question.ts'

/** A hub, as the others know it. */
export interface HubName {
  /** Its id, new whenever its process starts. */
  readonly id: string
  /** What it is called. */
  readonly name: string
}

/** What hubs of a cluster tell each other of themselves. */
export type ClusterMessage =
  /** It has come, and wants to know who else is there. */
  | { readonly type: 'hello'; readonly hub: HubName; readonly silenceMs: number }
  /** It is there. After `silenceMs` without another word it is not. */
  | { readonly type: 'here'; readonly hub: HubName; readonly silenceMs: number }
  /** It goes. */
  | { readonly type: 'gone'; readonly hub: HubName }
  | {
      readonly type: 'question'
      readonly hub: HubName
      /** Who is asked; everybody when it is left out. */
      readonly to?: string
      readonly id: string
      readonly question: ClusterQuestion
    }
  | {
      readonly type: 'answer'
      readonly hub: HubName
      /** Who asked, and what it called the question. */
      readonly to: string
      readonly id: string
      readonly answer: ClusterAnswer
    }
  /** An answer that is too long for one message, as pieces of its JSON. */
  | {
      readonly type: 'piece'
      readonly hub: HubName
      readonly to: string
      readonly id: string
      /** Which one, from 0. */
      readonly index: number
      readonly isLast: boolean
      readonly text: string
    }

const KIND = 'cluster'

function isWhole(message: ClusterMessage): boolean {
  if (message.type === 'piece') return Number.isInteger(message.index) && typeof message.text === 'string'
  return message.type !== 'question' || (typeof message.question === 'object' && message.question !== null)
}

/** Writes what one hub tells the others. */
export function encodeClusterMessage(message: ClusterMessage): string {
  return JSON.stringify({ kind: KIND, ...message })
}

/** Reads it. Returns nothing for what is something else, as a newer hub may tell. */
export function decodeClusterMessage(text: string): ClusterMessage | undefined {
  try {
    const told = JSON.parse(text) as (ClusterMessage & { readonly kind?: unknown }) | null
    if (told?.kind !== KIND || typeof told.hub?.id !== 'string') return undefined
    return isWhole(told) ? told : undefined
  } catch {
    return undefined
  }
}
