import type { ConnectResult } from '@wigwag/protocol'
import type { CloseReason } from '../reason/close-reason.ts'

/** How packets get to the hub and back: a WebSocket, or what stands in for one. The client has one open at a time. */
export interface Transport {
  /** As in `'websocket'`. */
  readonly name: string
  /** What it was made with: where that can be cloned, another thread can make the same. Absent: this page alone can. */
  readonly options?: object
  /** Begins to open one to the client's URL. It tells the sink, not before this returns. Never throws. */
  open(url: URL, sink: TransportSink): OpenTransport
  /**
   * How the client goes about its transports when this is one of them. Those that something falls back to bring it along, so that
   * pages without them need not load it. Default: the next when one gets no connection; what works is kept.
   */
  choose?(transports: readonly Transport[], host: TransportChoiceHost): TransportChoice
}

/** One that was opened, or is about to be. */
export interface OpenTransport {
  /** Sends a message: packets, one on a line. */
  send(text: string): void
  /** Ends it. It tells nothing more. `reason`: why, where it is over because of something. */
  close(reason?: CloseReason): void
  /** The hub has answered the greeting: for those whose way up is another than the way down. */
  greeted?(result: ConnectResult): void
  /** What it is by name once the hub has answered, where the transport's own says too little: as in `'shared/websocket'`. */
  readonly over?: string | undefined
  /** Whether something that was sent may not have arrived: closing would lose it. Absent: what is sent is on its way. */
  readonly isBusy?: boolean
}

/** Who hears what a transport has to tell. */
export interface TransportSink {
  /** It can carry packets. Returns the first message, which begins with the connect command; to be called once. */
  greeting(): string
  /** A message of packets has come. */
  received(text: string): void
  /** It is over, or did not come to be: the last thing it tells. */
  closed(reason: CloseReason): void
  /** Calls `run` after a delay, or later. Returns what keeps it from that. */
  after(delayMs: number, run: () => void): () => void
}

/** Which transport is opened next. It is told what came of it. */
export interface TransportChoice {
  /** The one to open. */
  readonly present: Transport
  /** The hub has let the client in over it. */
  connected(): void
  /** The attempt over it, or the connection that it became, has ended. */
  ended(reason: CloseReason): void
}

/** What a choice needs of its client. */
export interface TransportChoiceHost {
  readonly url: URL
  /** How long a transport may take to open and be answered, in milliseconds. */
  readonly connectTimeoutMs: number
  /** How long to stay before better ones are tried, in milliseconds. */
  readonly moveUpDelayMs: number
  readonly nowMs: () => number
  readonly after: (delayMs: number, run: () => void) => () => void
  /** From 0 up to 1. */
  readonly random: () => number
  /** What is kept from one page to the next. */
  readonly memory?: TransportMemory
  /** Whether the connection could be left now without losing anything. */
  canMove(): boolean
  /** Leaves the connection, and opens the one that is chosen now. */
  move(): void
}

/** Short texts, kept for pages and programs that come later. */
export interface TransportMemory {
  /** What was kept under a key, if that is not longer ago. */
  recall(key: string, maxAgeMs: number): string | undefined
  /** Keeps a text; undefined: none any more. */
  remember(key: string, text: string | undefined): void
}
