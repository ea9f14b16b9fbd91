import {
  type CommandPacket,
  encodePacket,
  type Method,
  type ReplyPacket,
  type Requests,
  type Results,
} from '@wigwag/protocol'
import { type CallOptions, cancellable } from '../cancellable.ts'
import type { Environment } from '../environment/environment.ts'
import { ClientError, type ClientErrorCode, type ClientErrorDetails } from '../error/client-error.ts'

import { createOutgoing, type Outgoing } from './outgoing.ts'

/** What the hub answers to a method; nothing, where that is not answered. */
export type Answer<M extends Method> = M extends keyof Results ? Results[M] : undefined

/** Is told what a command comes to. */
export type Done<M extends Method> = (answer: Answer<M> | ClientError) => void

/** What commands need of their client. */
export interface CommandHost {
  /** Of the client: by default the application waits for `timeoutMs`. */
  readonly options: Environment & { readonly timeoutMs: number; readonly connectTimeoutMs: number }
  /** Sends a message. */
  send(text: string): void
  /** Whether there is a connection; and none is being subscribed that the command is about. */
  isReady(channel?: string): boolean
  /** The hub does not answer the client itself: the connection is no good. */
  silent(): void
  /** Seeks a connection if there is none, or says why none is sought. */
  seek(): ClientError | undefined
}

/**
 * Commands and their answers. Those of the application wait for a connection, as long as they may; those of the client are for the
 * connection that there is.
 */
export interface Commands extends Outgoing {
  /** Whether nobody waits for an answer. */
  readonly isIdle: boolean
  /**
   * Sends a command of the client itself. Its connection's end ends it, unsaid; and it ends the connection, when it has no answer within
   * `timeoutMs`, by default that of the client.
   */
  ask<M extends Method>(method: M, request: Requests[M], done: Done<M>, timeoutMs?: number): void
  /** Sends a command of the application when there is a connection; resolves with its answer. */
  call<M extends Method>(method: M, request: Requests[M], options?: CallOptions): Promise<Answer<M>>
  /**
   * The same, whether one is sought or not, and again over the next connection when this one ends before the answer. Returns what ends
   * it: nobody waits for the answer any more.
   */
  keep<M extends Method>(method: M, request: Requests[M], timeoutMs: number, done: Done<M>): () => void
  /** There is a connection, or a channel that commands waited for may have been subscribed. */
  release(): void
  /**
   * There is no connection, or none any more: what was sent and may not be sent again fails. `error`: none is sought, so that what waits
   * for one fails, too, but for what is kept.
   */
  close(error?: ClientError): void
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

export function createCommands({ options, send: sendMessage, isReady, silent, seek }: CommandHost): Commands {
  // In the order in which they were asked for, which is that of their ids.
  const pending = new Map<number, Pending>()
  const outgoing = createOutgoing(sendMessage)
  let lastId = 0

  function add<M extends Method>(owner: Owner, method: M, request: Requests[M], maxMs: number, done: Done<M>): Pending {
    const id = ++lastId
    // `send` has no answer.
    const packet = { ...(method !== 'send' && { id }), [method]: request } as CommandPacket
    const { channel } = request as { readonly channel?: string }
    // What goes along with the greeting is answered behind that, which has a time of its own.
    const greetingMs = owner === 'client' && !isReady() ? options.connectTimeoutMs : 0
    const stop = options.after(maxMs + greetingMs, () => {
      // With the connection it ends, too.
      if (owner === 'client') silent()
      else {
        drop(id)
        done(errorOf('ERR_TIMEOUT', method, 'no answer in time. See client.state.', TEMPORARY))
      }
    })
    const added: Pending = { id, method, channel, line: encodePacket(packet), owner, isSent: false, done, stop }
    pending.set(id, added)
    return added
  }

  function take(id: number): void {
    pending.get(id)?.stop()
    pending.delete(id)
  }

  /** Takes one out: there is room for another. */
  function drop(id: number): void {
    take(id)
    release()
  }

  function send(each: Pending): void {
    each.isSent = true
    outgoing.push(each.line)
    if (each.method !== 'send') return
    take(each.id)
    each.done(undefined as never)
  }

  function release(): void {
    let free = MAX_UNANSWERED
    for (const { isSent, owner } of pending.values()) if (isSent && owner !== 'client') free--
    for (const each of pending.values()) {
      if (free <= 0) return
      if (each.isSent || !isReady(each.channel)) continue
      free--
      send(each)
    }
  }

  /** Ends those that are sent, or those that are not. */
  function fail(isSent: boolean, why: (method: Method) => ClientError): void {
    for (const each of pending.values()) {
      if (each.isSent !== isSent) continue
      each.isSent = false
      if (each.owner === 'kept') continue
      take(each.id)
      if (each.owner === 'call') each.done(why(each.method) as never)
    }
  }

  /** Takes a command of the application. Returns what ends it. */
  function enter<M extends Method>(...command: [Owner, M, Requests[M], number, Done<M>]): () => void {
    const { id } = add(...command)
    const error = seek()
    if (error) fail(false, () => error)
    else release()
    return () => drop(id)
  }

  return {
    ...outgoing,
    get isIdle() {
      return pending.size === 0
    },
    ask: (method, request, done, maxMs = options.timeoutMs) => send(add('client', method, request, maxMs, done)),
    call: (method, request, { signal, timeoutMs: maxMs = options.timeoutMs } = {}) =>
      cancellable(signal, (settle) => enter('call', method, request, maxMs, settle)),
    keep: (method, request, maxMs, done) => enter('kept', method, request, maxMs, done),
    release,
    close(error) {
      outgoing.take()
      fail(true, notAcknowledged)
      if (error !== undefined) fail(false, () => error)
    },
    reply(packet) {
      const answered = pending.get(packet.id)
      if (!answered) return
      // What is no answer throws, and then it waits on for the end of the connection.
      const answer = answerOf(answered.method, packet)
      drop(packet.id)
      answered.done(answer as never)
    },
  }
}

const TEMPORARY = { temporary: true }

function errorOf(code: ClientErrorCode, method: Method, text: string, details?: ClientErrorDetails): ClientError {
  return new ClientError(code, `${method}: ${text}`, details)
}

function answerOf(method: Method, packet: ReplyPacket): unknown {
  if (!('error' in packet)) return (packet as Partial<Results>)[method as never]
  const { code: number, message, temporary = false } = packet.error
  return errorOf('ERR_REPLY', method, message, { number, temporary })
}

function notAcknowledged(method: Method): ClientError {
  const advice = method === 'publish' ? ' Publish again with the same idempotencyKey.' : ''
  return errorOf('ERR_NOT_ACKNOWLEDGED', method, `the connection ended first; it may have been carried out.${advice}`)
}
