import type { PublicationPacket, SubscribeResult } from '@wigwag/protocol'
import type { BoardSession } from './board-session.ts'

interface Member {
  /** The offset of the last that it was given. */
  offset: number
  readonly joinLeave: boolean
}

/** The tabs that want what comes in a channel, and how far each is. */
export class Audience {
  readonly #members = new Map<BoardSession, Member>()

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  /** One comes, and is told this. */
  add(session: BoardSession, { publications = [], offset = 0 }: SubscribeResult, joinLeave = false): void {
    this.#members.set(session, { offset: Math.max(offset, ...publications.map((each) => each.offset ?? 0)), joinLeave })
  }

  /** One goes. */
  delete(session: BoardSession): void {
    this.#members.delete(session)
  }

  /** Whom it has, and how far each is. */
  entries(): readonly (readonly [BoardSession, number])[] {
    return [...this.#members].map(([session, { offset }]) => [session, offset])
  }

  /** A publication for all that have not had it. `line`: its push. */
  deliver({ offset = 0 }: PublicationPacket, line: string): void {
    for (const [session, member] of this.#members) {
      if (offset > 0 && offset <= member.offset) continue
      if (offset > 0) member.offset = offset
      session.pushLine(line)
    }
  }

  /** Somebody came or went: for those that asked for it. */
  tellMove(line: string): void {
    for (const [session, { joinLeave }] of this.#members) if (joinLeave) session.pushLine(line)
  }

  /** All go. Returns who they were. */
  clear(): readonly BoardSession[] {
    const sessions = [...this.#members.keys()]
    this.#members.clear()
    return sessions
  }
}
