import type { ConnectResult } from '@wigwag/protocol'
import type { CloseReason } from '../reason/close-reason.ts'

/** How packets get to the hub and back: a WebSocket, or what stands in for one. The client has one open at a time. */
export interface Transport {
  /** As in `'websocket'`. */
  readonly name: string
  /** Begins to open one to the client's URL. It tells the sink, not before this returns. Never throws. */
  open(url: URL, sink: TransportSink): OpenTransport
}

/** One that was opened, or is about to be. */
export interface OpenTransport {
  /** Sends a message: packets, one on a line. */
  send(text: string): void
  /** Ends it. It tells nothing more. */
  close(): void
  /** The hub has answered the greeting: for those whose way up is another than the way down. */
  greeted?(result: ConnectResult): void
}

/** Who hears what a transport has to tell. */
export interface TransportSink {
  /** It can carry packets. Returns the first message, which begins with the connect command; to be called once. */
  greeting(): string
  /** A message of packets has come. */
  received(text: string): void
  /** It is over, or did not come to be: the last thing it tells. */
  closed(reason: CloseReason): void
}
