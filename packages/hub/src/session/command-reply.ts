import { type EmptyResult, encodePacket, type Method, type ReplyPacket, type Results } from '@wigwag/protocol'
import { errorPacket, type RefusalAnswer } from '../namespace/refuse.ts'
import type { Session } from './session.ts'

/** What a method is answered with; `send` is not. */
export type ResultOf<M extends Method> = M extends keyof Results ? Results[M] : EmptyResult

/** The one answer to a command. A second one does nothing. */
export class CommandReply<M extends Method> {
  readonly #session: Session
  readonly #method: M
  readonly #id: number
  #isGiven = false

  constructor(session: Session, method: M, id: number) {
    this.#session = session
    this.#method = method
    this.#id = id
  }

  /** The command was carried out. */
  succeed(result: ResultOf<M>): void {
    this.#give({ id: this.#id, [this.#method]: result } as unknown as ReplyPacket)
  }

  /** It was not. Without an id (`send`) there is nothing to answer, but a session may end of it. */
  refuse(answer: RefusalAnswer): void {
    if (answer.type === 'error') this.#give({ id: this.#id, error: errorPacket(answer) })
    else if (!this.#isGiven) {
      this.#isGiven = true
      this.#session.commands.answered()
      this.#session.disconnect(answer.disconnect)
    }
  }

  #give(packet: ReplyPacket): void {
    if (this.#isGiven) return
    this.#isGiven = true
    if (this.#id !== 0) this.#session.push(encodePacket(packet))
    this.#session.commands.answered()
  }
}
