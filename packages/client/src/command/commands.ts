import {
  type CommandPacket,
  type ErrorPacket,
  encodePacket,
  type Method,
  type ReplyPacket,
  type Requests,
  type Results,
} from '@wigwag/protocol'
import { type CallOptions, cancellable } from '../cancellable.ts'
import type { Environment } from '../environment/environment.ts'
import { ClientError } from '../error/client-error.ts'

/** What the hub answers to a method; nothing, where that is not answered. */
type Answer<M extends Method> = M extends keyof Results ? Results[M] : undefined

/** Is told what a command comes to. */
export type Done<M extends Method> = (answer: Answer<M> | ClientError) => void

/** What commands need of their client. */
export interface CommandHost {
  /** Of the client: by default the application waits for `timeoutMs`. */
  readonly options: {
    readonly environment: Environment
    readonly timeoutMs: number
    readonly connectTimeoutMs: number
  }
  /** Sends a packet. */
  push(line: string): void
  /** Whether what the application asks of a channel waits, because that is being subscribed. */
  isHeld(channel: string): boolean
  /** Seeks a connection if there is none, or says why none is sought. */
  seek(): ClientError | undefined
}

/**
 * Commands and their answers. Those of the application wait for a connection, as long as they may; those of the client are for the
 * connection that there is.
 */
export interface Commands {
  /** Whether nobody waits for an answer. */
  readonly isIdle: boolean
  /** Sends a command of the client itself. Its connection's end ends it, unsaid. */
  ask<M extends Method>(method: M, request: Requests[M], timeoutMs: number, done: Done<M>): void
  /** Sends a command of the application when there is a connection; resolves with its answer. */
  call<M extends Method>(method: M, request: Requests[M], options?: CallOptions): Promise<Answer<M>>
  /**
   * The same, whether one is sought or not, and again over the next connection when this one ends before the answer. Returns what ends
   * it: nobody waits for the answer any more.
   */
  keep<M extends Method>(method: M, request: Requests[M], timeoutMs: number, done: Done<M>): () => void
  /** There is a connection: what waited goes. */
  open(): void
  /** A channel that commands waited for may have been subscribed. */
  release(): void
  /** The connection is over. What may not be sent again fails. */
  close(): void
  /** No connection is sought any more: what waits for one fails, but for what is kept. */
  abandon(error: ClientError): void
  /** An answer has come. Those that nobody waits for are passed over. */
  reply(packet: ReplyPacket): void
}

interface Pending {
  readonly id: number
  readonly method: Method
  /** The channel that it is about. */
  readonly channel: string | undefined
  readonly line: string
  readonly owner: Owner
  isSent: boolean
  readonly done: (answer: never) => void
  /** It need not be timed any more. */
  readonly stop: () => void
}

/** Who asks: the client, the application, or the application with a command that is kept. */
type Owner = 'client' | 'call' | 'kept'

/** Commands of the application without an answer (count): hubs take 256. Others wait. */
const MAX_UNANSWERED = 128

export function createCommands({ options, push, isHeld, seek }: CommandHost): Commands {
  // In the order in which they were asked for, which is that of their ids.
  const pending = new Map<number, Pending>()
  let isOpen = false
  let lastId = 0

  function add<M extends Method>(owner: Owner, method: M, request: Requests[M], maxMs: number, done: Done<M>): Pending {
    const id = ++lastId
    // `send` has no answer.
    const packet = { ...(method !== 'send' && { id }), [method]: request } as CommandPacket
    const { channel } = request as { readonly channel?: string }
    // What goes along with the greeting is answered behind that, which has a time of its own.
    const greetingMs = owner === 'client' && !isOpen ? options.connectTimeoutMs : 0
    const stop = options.environment.after(maxMs + greetingMs, () => {
      take(id)
      done(timedOut(method))
    })
    const added: Pending = { id, method, channel, line: encodePacket(packet), owner, isSent: false, done, stop }
    pending.set(id, added)
    return added
  }

  function take(id: number): Pending | undefined {
    const taken = pending.get(id)
    pending.delete(id)
    taken?.stop()
    return taken
  }

  function send(each: Pending): void {
    each.isSent = true
    push(each.line)
    if (each.method === 'send') take(each.id)?.done(undefined as never)
  }

  function release(): void {
    let free = MAX_UNANSWERED
    for (const { isSent, owner } of pending.values()) if (isSent && owner !== 'client') free--
    for (const each of pending.values()) {
      if (!isOpen || free <= 0) return
      if (each.isSent || (each.channel !== undefined && isHeld(each.channel))) continue
      free--
      send(each)
    }
  }

  /** Ends those that are sent, or those that are not. */
  function fail(isSent: boolean, errorOf: (method: Method) => ClientError): void {
    for (const each of pending.values()) {
      if (each.isSent !== isSent) continue
      each.isSent = false
      if (each.owner === 'kept') continue
      take(each.id)
      if (each.owner === 'call') each.done(errorOf(each.method) as never)
    }
  }

  /** Takes a command of the application. Returns what ends it. */
  function enter<M extends Method>(...command: [Owner, M, Requests[M], number, Done<M>]): () => void {
    const { id } = add(...command)
    const error = seek()
    if (error === undefined) release()
    else fail(false, () => error)
    return () => take(id)
  }

  return {
    get isIdle() {
      return pending.size === 0
    },
    ask: (method, request, maxMs, done) => send(add('client', method, request, maxMs, done)),
    call: (method, request, { signal, timeoutMs: maxMs = options.timeoutMs } = {}) =>
      cancellable(signal, (settle) => enter('call', method, request, maxMs, settle)),
    keep: (method, request, maxMs, done) => enter('kept', method, request, maxMs, done),
    open() {
      isOpen = true
      release()
    },
    release,
    close() {
      isOpen = false
      fail(true, notAcknowledged)
    },
    abandon: (error) => fail(false, () => error),
    reply(packet) {
      const answered = take(packet.id)
      if (answered === undefined) return
      release()
      const { done, method } = answered
      done(('error' in packet ? refused(method, packet.error) : (packet as Partial<Results>)[method as never]) as never)
    },
  }
}

function refused(method: Method, { code, message, temporary = false }: ErrorPacket): ClientError {
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
