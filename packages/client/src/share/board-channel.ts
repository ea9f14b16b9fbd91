import {
  type CommandPacket,
  encodePacket,
  type PublicationPacket,
  type Push,
  type ReplyPacket,
  type SubRefreshResult,
  type SubscribeRequest,
  type SubscribeResult,
  UnsubscribeCode,
} from '@wigwag/protocol'
import { Audience } from './audience.ts'
import type { BoardSession } from './board-session.ts'
import { BoardStream } from './board-stream.ts'
import type { RecentPublications } from './recent-publications.ts'

/** What a channel needs of its switchboard. */
export interface BoardChannelHost {
  readonly recents: RecentPublications
  readonly nowMs: () => number
  /** Asks the hub. */
  ask(packet: CommandPacket, session: BoardSession | undefined, done: (answer: ReplyPacket) => void): void
  /** Nobody wants the channel any more. */
  forget(channel: BoardChannel): void
}

/** A tab's subscribe command. */
interface Wish {
  readonly session: BoardSession
  readonly id: number
  readonly request: SubscribeRequest
}

/**
 * A channel in which the switchboard is for its tabs. The hub is asked by one of them at a time, with its own words; whom what is
 * known here does not serve (it comes from a place that is no more kept, or wants to know who comes and goes) asks anew, and the others
 * pass over what they have had.
 */
export class BoardChannel {
  readonly name: string
  readonly #host: BoardChannelHost
  readonly #audience = new Audience()
  #stream: BoardStream | undefined
  #hasJoinLeave = false
  /** What the hub is being asked. */
  #asked: Wish | undefined
  /** Whether who asked has left meanwhile. */
  #isOrphaned = false
  #waiting: Wish[] = []

  constructor(name: string, host: BoardChannelHost) {
    this.name = name
    this.#host = host
  }

  /** Whether each of its tabs could go on from where it is. */
  get canRecover(): boolean {
    return this.#asked === undefined && this.#stream?.position !== undefined
  }

  /** A tab subscribes. */
  subscribe(session: BoardSession, id: number, request: SubscribeRequest): void {
    this.#leave(session)
    this.#waiting.push({ session, id, request })
    this.#next()
  }

  /** A tab does not want it any more. */
  leave(session: BoardSession): void {
    this.#leave(session)
    this.#settle()
  }

  /** The hub has something to say about it. */
  pushed(push: Extract<Push, { readonly channel: string }>, line: string): void {
    if ('pub' in push) this.#publish(push.pub, line)
    else if ('unsubscribe' in push) this.#ended(line)
    else if ('join' in push || 'leave' in push) this.#audience.tellMove(line)
  }

  /** The token holds for so long. */
  holds(result: SubRefreshResult): void {
    this.#stream?.holds(result)
  }

  /** There is no connection any more. */
  close(): void {
    this.#stream?.close()
  }

  #leave(session: BoardSession): void {
    this.#audience.delete(session)
    this.#waiting = this.#waiting.filter((each) => each.session !== session)
    if (this.#asked?.session === session) this.#isOrphaned = true
  }

  #publish(publication: PublicationPacket, line: string): void {
    if (this.#stream === undefined) return
    this.#stream.add(publication, line.length)
    this.#audience.deliver(publication, line)
  }

  #ended(line: string): void {
    for (const session of this.#audience.clear()) session.pushLine(line)
    this.#drop()
    this.#settle()
  }

  #drop(): void {
    this.#stream?.close()
    this.#stream = undefined
  }

  #next(): void {
    while (this.#asked === undefined) {
      const wish = this.#waiting.shift()
      if (wish === undefined) return
      if (!this.#serve(wish)) this.#ask(wish)
    }
  }

  /** Answers by what is known here. Returns whether that does. */
  #serve(wish: Wish): boolean {
    const { request } = wish
    if (this.#stream === undefined || (request.join_leave && !this.#hasJoinLeave)) return false
    const result = request.recover ? this.#stream.since(request) : this.#stream.present()
    if (result === undefined) return false
    this.#join(wish, result)
    return true
  }

  #join({ session, id, request }: Wish, result: SubscribeResult): void {
    this.#audience.add(session, result, request.join_leave)
    session.push({ id, subscribe: result })
  }

  #ask(wish: Wish): void {
    const { position } = this.#stream ?? {}
    const joinLeave = wish.request.join_leave || (this.#hasJoinLeave && !this.#audience.isEmpty)
    // Who is here already need not miss anything because of who comes.
    const isBorrowed = !wish.request.recover && position !== undefined
    this.#asked = wish
    this.#isOrphaned = false
    this.#hasJoinLeave = joinLeave === true
    if (this.#stream !== undefined) {
      this.#host.ask({ id: 0, unsubscribe: { channel: this.name } }, undefined, () => {})
    }
    const request: SubscribeRequest = {
      ...wish.request,
      channel: this.name,
      ...(joinLeave && { join_leave: true }),
      ...(isBorrowed && { recover: true, ...position }),
    }
    this.#host.ask({ id: 0, subscribe: request }, wish.session, (answer) => this.#answered(wish, isBorrowed, answer))
  }

  #answered(wish: Wish, isBorrowed: boolean, answer: ReplyPacket): void {
    this.#asked = undefined
    const { session, id } = wish
    if (!('subscribe' in answer)) {
      this.#resubscribe(this.#audience.clear())
      this.#drop()
      session.push({ ...answer, id })
    } else {
      const result = answer.subscribe
      const before = this.#stream
      const stream = new BoardStream(result, this.#host.recents, this.#host.nowMs)
      this.#stream = stream
      if (before !== undefined) this.#carryOver(before, result)
      before?.close()
      if (this.#isOrphaned) session.push({ ...answer, id })
      else this.#join(wish, isBorrowed ? stream.present() : result)
    }
    this.#next()
    this.#settle()
  }

  /** Who was here before the hub was asked anew is given what it has not had, or comes back by itself. */
  #carryOver(before: BoardStream, { recoverable, epoch, offset = 0, publications = [] }: SubscribeResult): void {
    const isSame = recoverable && before.position?.epoch === epoch
    for (const [session, had] of this.#audience.entries()) {
      if (isSame && had >= offset) continue
      this.#audience.delete(session)
      this.#resubscribe([session])
    }
    for (const pub of publications) this.#audience.deliver(pub, encodePacket({ push: { channel: this.name, pub } }))
  }

  #resubscribe(sessions: readonly BoardSession[]): void {
    const unsubscribe = { code: UnsubscribeCode.insufficientState, reason: 'insufficient state' }
    for (const session of sessions) session.push({ push: { channel: this.name, unsubscribe } })
  }

  #settle(): void {
    if (this.#asked !== undefined || this.#waiting.length > 0 || !this.#audience.isEmpty) return
    if (this.#stream !== undefined) {
      this.#host.ask({ id: 0, unsubscribe: { channel: this.name } }, undefined, () => {})
    }
    this.#drop()
    this.#host.forget(this)
  }
}
