import type { MessageCell } from '../cell.ts'
import { DeflateConversation } from './deflate-conversation.ts'
import type { Protocol } from './load-spec.ts'
import { PlainConversation } from './plain-conversation.ts'
import type { ReplyFaults } from './reply-parser.ts'

/** The messages of a run in order, over and over, as they are put on the wire and recognised when they come back. */
export interface Conversation {
  /** How many messages differ. */
  readonly period: number
  /** What the upgrade offers as `Sec-WebSocket-Extensions`; nothing when that is nothing. */
  readonly offer: string | undefined
  /** What is spoken after the answer to the offer, or what is wrong with that. */
  agree(answer: string | undefined): Dialect | { readonly fault: string }
}

/** A conversation as it was negotiated. Shared by all connections that negotiated the same. */
export interface Dialect {
  /** What goes before message `first` when it is the first of a connection; nothing is expected for it that counts. */
  prelude(first: number): Buffer | undefined
  /** `count` whole frames, from message `from` on. The bytes never change. */
  requests(from: number, count: number): Buffer
  /** Reads what a server sends to one connection when `first` is the first message that it is sent. */
  createReader(first: number, faults: ReplyFaults): ConversationReader
}

/** Takes the bytes of one connection. */
export interface ConversationReader {
  /** Says by `write` what a client says before anything else; `opened` is called when it has its answers. Absent: nothing. */
  open?(write: (bytes: Buffer) => void, opened: () => void): void
  /** Takes the first `length` bytes of a chunk; returns how many messages they complete. Keeps nothing of it. */
  read(chunk: Buffer, length: number): number
}

/** Builds the messages of a cell, once for all connections. */
export function buildConversation(cell: MessageCell, protocol: Protocol): Conversation {
  return cell.compression === undefined ? new PlainConversation(cell, protocol) : new DeflateConversation(cell)
}
