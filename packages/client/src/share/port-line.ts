import type { CloseReason } from '../reason/close-reason.ts'
import type { OpenTransport, TransportSink } from '../transport/transport.ts'
import type { BoardMessage, TabMessage } from './tab-port.ts'

/** A tab's way to its switchboard, wherever that is. */
export interface TabPort {
  /** Says something; what is said before anybody is there waits. */
  post(message: TabMessage): void
  /** Nothing more is said, and nothing more heard. */
  close(): void
}

/** Who hears what comes of it. */
export interface TabPortSink {
  receive(message: BoardMessage): void
  /** Whoever had the switchboard is gone, or cannot be reached. */
  lost(reason: CloseReason): void
}

/** Opens one. `greeting`: what will be said first; it tells who this is. */
export type OpenPort = (greeting: string, sink: TabPortSink) => TabPort

/** A tab's transport: packets go to a switchboard, rather than to the hub. */
export class PortLine implements OpenTransport {
  readonly #sink: TransportSink
  #port: TabPort | undefined
  #isOver = false
  over: string | undefined

  constructor(sink: TransportSink, open: OpenPort) {
    this.#sink = sink
    queueMicrotask(() => this.#begin(open))
  }

  send(text: string): void {
    this.#port?.post({ type: 'send', text })
  }

  close(reason?: CloseReason): void {
    if (this.#isOver) return
    this.#port?.post({ type: 'leave', reason: reason?.name ?? 'disconnectCalled' })
    this.#end()
  }

  #begin(open: OpenPort): void {
    if (this.#isOver) return
    const greeting = this.#sink.greeting()
    this.#port = open(greeting, {
      receive: (message) => this.#receive(message),
      lost: (reason) => this.#lost(reason),
    })
    this.send(greeting)
  }

  #receive(message: BoardMessage): void {
    if (this.#isOver) return
    if (message.type === 'closed') {
      this.#lost(message.reason)
      return
    }
    if (message.type === 'over') {
      this.over = `shared/${message.transport}`
      return
    }
    // Before it is handled: what a handler takes its time for is no reason to be cut off.
    this.#port?.post({ type: 'took', length: message.text.length })
    this.#sink.received(message.text)
  }

  #lost(reason: CloseReason): void {
    if (this.#isOver) return
    this.#end()
    this.#sink.closed(reason)
  }

  #end(): void {
    this.#isOver = true
    this.#port?.close()
    this.#port = undefined
  }
}
