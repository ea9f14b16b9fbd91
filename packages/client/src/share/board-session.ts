import {
  type CommandPacket,
  type ConnectRequest,
  DisconnectCode,
  encodePacket,
  type PushPacket,
  type ReplyPacket,
} from '@wigwag/protocol'
import { createOutgoing, type Outgoing } from '../command/outgoing.ts'
import { type CloseReason, reasonOfCode } from '../reason/close-reason.ts'
import type { BoardMessage } from './tab-port.ts'

/** How a tab's client begins. */
export interface Greeting {
  readonly id: number
  readonly request: ConnectRequest
}

/** A tab at the switchboard. */
export class BoardSession {
  readonly #post: (message: BoardMessage) => void
  readonly #maxUnread: number
  readonly #ended: (session: BoardSession) => void
  readonly #outgoing: Outgoing
  #phase: 'new' | 'waiting' | 'open' | 'closed' = 'new'
  #unread = 0
  /** What it began with. */
  greeting: Greeting | undefined
  /** What came behind that, and waits until the hub has let somebody in. */
  held: CommandPacket[] = []

  /** `ended`: it was cut off. */
  constructor(post: (message: BoardMessage) => void, maxUnread: number, ended: (session: BoardSession) => void) {
    this.#post = post
    this.#maxUnread = maxUnread
    this.#ended = ended
    this.#outgoing = createOutgoing((text) => this.#send(text))
  }

  /** Whether it has asked to be let in, and has not been told yet. */
  get isWaiting(): boolean {
    return this.#phase === 'waiting'
  }

  /** Whether it was let in. */
  get isOpen(): boolean {
    return this.#phase === 'open'
  }

  get isClosed(): boolean {
    return this.#phase === 'closed'
  }

  /** Asks to be let in. */
  greet(greeting: Greeting): void {
    if (this.#phase === 'new') this.#phase = 'waiting'
    this.greeting = greeting
  }

  /** It is let in, over the transport of that name. */
  open(transport: string): void {
    if (this.#phase !== 'waiting') return
    this.#phase = 'open'
    this.#post({ type: 'over', transport })
  }

  /** A packet for it. What comes in one turn is one message. */
  push(packet: ReplyPacket | PushPacket): void {
    this.pushLine(encodePacket(packet))
  }

  /** The same, as it came. */
  pushLine(line: string): void {
    if (this.#phase !== 'closed') this.#outgoing.push(line)
  }

  /** It has read so much. */
  took(length: number): void {
    this.#unread -= length
  }

  /** Ends it, and says why. */
  close(reason: CloseReason): void {
    if (this.#phase === 'closed') return
    for (const text of this.#outgoing.take()) this.#send(text)
    if (this.isClosed) return
    this.leave()
    // What was thrown is nobody's business elsewhere, and may not get there.
    const { cause: _cause, ...told } = reason
    this.#post({ type: 'closed', reason: told })
  }

  /** It has ended by itself. */
  leave(): void {
    this.#phase = 'closed'
    this.#outgoing.take()
    this.held = []
  }

  #send(text: string): void {
    if (this.#phase === 'closed') return
    this.#unread += text.length
    if (this.#unread <= this.#maxUnread || this.#unread === text.length) {
      this.#post({ type: 'text', text })
      return
    }
    this.leave()
    this.#post({
      type: 'closed',
      reason: reasonOfCode(DisconnectCode.slow, { text: 'the tab does not read what comes' }),
    })
    this.#ended(this)
  }
}
