import type { Disconnect } from '@wigwag/protocol'
import type { Credentials, Refused } from './credentials.ts'
import type { EncodedPacket } from './encoded-packet.ts'
import type { OutboxTransport } from './outbox.ts'

/** Where a client sends what it has to say, when what carries its session goes down only. Whoever has it speaks for the client. */
export interface SessionAddress {
  /** The hub that has the session. */
  readonly node: string
  /** Not to be guessed. */
  readonly session: string
}

/**
 * What carries a session. It tells the session `receive` for what the client sent, `drained` when what it holds has
 * fallen to the outbox's mark, and `closed` once, whoever ended it.
 */
export interface SessionTransport extends OutboxTransport<EncodedPacket> {
  /** As in `'websocket'`. */
  readonly name: string
  /**
   * How what the client says comes, if not the way that packets go. `'posted'`: in requests of their own, which name the
   * session's address. `'polled'`: so, too; and pings need no answer, because the client asks for whatever is next.
   */
  readonly upstream?: 'posted' | 'polled'
  /**
   * What is polled: the client asks for what comes behind packet `last`. `answer` is called once, when there is something or
   * `waitMs` are over. Returns what to call if the client does not wait any more; nothing where `last` is no such packet.
   */
  poll?(
    request: { readonly last: number; readonly waitMs: number },
    answer: (text: string) => void,
  ): (() => void) | undefined
  /** Tells the client behind what was sent why the session ends, and ends. */
  close(disconnect: Disconnect): void
}

/** How a client came: what the HTTP request said that carries its session. */
export interface SessionRequest {
  /** A header, by its name in lower case. */
  readonly header?: (name: string) => string | undefined
  /** A parameter of the URL's query. */
  readonly query?: (name: string) => string | undefined
  /** The client's address; behind a trusted proxy what that says of it. */
  readonly remoteAddress?: string
  /** Who it is, where that is known already, or that it is nobody to be let in; nobody is asked then. */
  readonly credentials?: Credentials | Refused
}
