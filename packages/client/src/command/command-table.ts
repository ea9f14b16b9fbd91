import {
  type CommandPacket,
  type ErrorPacket,
  encodePacket,
  type Method,
  type ReplyPacket,
  type Requests,
  type Results,
} from '@wigwag/protocol'
import { ClientError } from '../error/client-error.ts'

/** A method that is answered. */
export type AnsweredMethod = keyof Results

/** What a command comes to. */
export type Answer<M extends AnsweredMethod> = Results[M] | ClientError

/** The same, where `send` comes to nothing. */
export type CommandAnswer<M extends Method> = M extends AnsweredMethod ? Answer<M> : ClientError | undefined

/** How a command of the application is treated. */
export interface CommandOptions {
  /** How long it may take, from now on, in milliseconds. */
  readonly timeoutMs: number
  /** Whether it may be sent again over the next connection, when this one ends before the answer. */
  readonly isKept?: boolean
}

interface Pending {
  readonly id: number
  readonly method: Method
  /** The channel that it is about. */
  readonly channel: string | undefined
  readonly line: string
  readonly deadlineMs: number
  /** `'client'`: the client's own; it ends with its connection, unsaid. */
  readonly owner: 'client' | 'application'
  readonly isKept: boolean
  readonly done: (answer: never) => void
}

/** Commands of the application without an answer (count): hubs take 256. Others wait. */
const MAX_UNANSWERED = 128

/**
 * Commands and their answers. Those of the application wait for a connection, as long as they may; those of the client are for
 * the connection that there is.
 */
export class CommandTable {
  readonly #push: (line: string) => void
  readonly #isHeld: (channel: string) => boolean
  readonly #sent = new Map<number, Pending>()
  #waiting: Pending[] = []
  #isOpen = false
  #lastId = 0
  #unanswered = 0

  /** `push` sends a packet. `isHeld`: whether what the application asks of a channel waits, because it is being subscribed. */
  constructor(push: (line: string) => void, isHeld: (channel: string) => boolean) {
    this.#push = push
    this.#isHeld = isHeld
  }

  /** Whether nobody waits for an answer. */
  get isIdle(): boolean {
    return this.#sent.size + this.#waiting.length === 0
  }

  /** Sends a command of the client itself. A time-out is up to who asks. Returns its id. */
  ask<M extends AnsweredMethod>(
    method: M,
    request: Requests[M],
    deadlineMs: number,
    done: (answer: Answer<M>) => void,
  ): number {
    const pending = this.#create(method, request, 'client', deadlineMs, false, done)
    this.#dispatch(pending)
    return pending.id
  }

  /** Takes a command of the application, which is sent when there is a connection. Returns its id. */
  request<M extends Method>(
    method: M,
    request: Requests[M],
    { timeoutMs, isKept = false }: CommandOptions,
    nowMs: number,
    done: (answer: CommandAnswer<M>) => void,
  ): number {
    const pending = this.#create(method, request, 'application', nowMs + timeoutMs, isKept, done)
    this.#waiting.push(pending)
    this.release()
    return pending.id
  }

  /** Nobody waits for the answer any more. */
  forget(id: number): void {
    this.#waiting = this.#waiting.filter((each) => each.id !== id)
    this.#take(id)
  }

  /** There is a connection: what waited goes. */
  open(): void {
    this.#isOpen = true
    this.release()
  }

  /** A channel that commands waited for may have been subscribed. */
  release(): void {
    if (!this.#isOpen || this.#waiting.length === 0) return
    const waiting = this.#waiting
    // One that is sent at once may have another one asked for.
    this.#waiting = []
    const held = waiting.filter((each) => {
      const isHeld = this.#unanswered >= MAX_UNANSWERED || (each.channel !== undefined && this.#isHeld(each.channel))
      if (!isHeld) this.#dispatch(each)
      return isHeld
    })
    this.#waiting.unshift(...held)
  }

  /** The connection is over. What may not be sent again fails. */
  close(): void {
    this.#isOpen = false
    const sent = [...this.#sent.values()]
    this.#sent.clear()
    this.#unanswered = 0
    this.#waiting.unshift(...sent.filter(({ isKept }) => isKept))
    for (const each of sent) {
      if (each.owner === 'application' && !each.isKept) each.done(notAcknowledged(each.method) as never)
    }
  }

  /** No connection is sought any more: what waits for one fails, but for what is kept. */
  abandon(error: ClientError): void {
    const waiting = this.#waiting
    this.#waiting = waiting.filter(({ isKept }) => isKept)
    for (const each of waiting) if (!each.isKept) each.done(error as never)
  }

  /** An answer has come. Those that nobody waits for are passed over. */
  reply(packet: ReplyPacket): void {
    const pending = this.#take(packet.id)
    if (pending === undefined) return
    this.release()
    const { done, method } = pending
    done(('error' in packet ? errorOf(method, packet.error) : (packet as Partial<Results>)[method as never]) as never)
  }

  /** When `tick` wants to be called, in milliseconds; Infinity: not at all. */
  nextDeadlineMs(): number {
    let deadlineMs = Number.POSITIVE_INFINITY
    for (const each of this.#all()) deadlineMs = Math.min(deadlineMs, each.deadlineMs)
    return deadlineMs
  }

  /** Time has gone by: what has taken too long fails. */
  tick(nowMs: number): void {
    for (const { id, method, deadlineMs, done } of [...this.#all()]) {
      if (nowMs < deadlineMs) continue
      this.forget(id)
      done(timedOut(method) as never)
    }
  }

  *#all(): Iterable<Pending> {
    yield* this.#sent.values()
    yield* this.#waiting
  }

  #create<M extends Method>(
    method: M,
    request: Requests[M],
    owner: Pending['owner'],
    deadlineMs: number,
    isKept: boolean,
    done: Pending['done'],
  ): Pending {
    const id = ++this.#lastId
    // `send` has no answer.
    const packet = { ...(method !== 'send' && { id }), [method]: request } as CommandPacket
    const { channel } = request as { readonly channel?: string }
    return { id, method, channel, owner, deadlineMs, isKept, done, line: encodePacket(packet) }
  }

  #dispatch(pending: Pending): void {
    this.#push(pending.line)
    if (pending.method === 'send') pending.done(undefined as never)
    else {
      this.#sent.set(pending.id, pending)
      if (pending.owner === 'application') this.#unanswered++
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#sent.get(id)
    if (this.#sent.delete(id) && pending?.owner === 'application') this.#unanswered--
    return pending
  }
}

function errorOf(method: Method, { code, message, temporary = false }: ErrorPacket): ClientError {
  return new ClientError('ERR_REPLY', `${method}: ${message}`, { number: code, temporary })
}

function timedOut(method: Method): ClientError {
  return new ClientError('ERR_TIMEOUT', `${method}: no answer in time. Is there a connection? See client.state.`, {
    temporary: true,
  })
}

function notAcknowledged(method: Method): ClientError {
  const advice = method === 'publish' ? ' Publish again with the same idempotencyKey to have it stored once.' : ''
  return new ClientError(
    'ERR_NOT_ACKNOWLEDGED',
    `${method}: the connection ended before the answer; it may have been carried out.${advice}`,
  )
}
