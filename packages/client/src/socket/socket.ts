import type { CallOptions } from '../cancellable.ts'
import { createEmitter, type Emitter } from '../emitter.ts'
import { ClientError } from '../error/client-error.ts'
import { parseUrl } from '../error/parse-url.ts'
import type { Diagnose } from '../http/diagnosis.ts'
import { ready } from '../ready.ts'
import { type CloseReason, closeReason } from '../reason/close-reason.ts'
import { type ClientEffect, type ClientMachine, createClientMachine } from '../state/client-machine.ts'
import type { ClientState } from '../state/client-state.ts'
import { drive } from '../state/drive.ts'
import { during } from '../state/during.ts'
import { SendQueue, sizeOf } from './send-queue.ts'
import { type ResolvedSocketOptions, resolveSocketOptions, type SocketOptions } from './socket-options.ts'
import type { OpenWebSocket, SocketBytes, SocketWebSocket } from './socket-web-socket.ts'

/** Whether there is a connection, and why not. */
export type SocketState =
  | Exclude<ClientState, { readonly phase: 'connected' }>
  | { readonly phase: 'connected'; readonly isSuspect: boolean }

/** What a socket tells. */
export interface SocketEvents {
  /** Each change of its state. */
  state: SocketState
  /** A message: what its JSON says, text that is none, or an `ArrayBuffer`. */
  message: unknown
  /** What was dropped or refused. */
  error: ClientError
}

/** What became of a message: it was handed to the connection, waits for one, or was refused because too much waits. */
export type Sent = 'sent' | 'queued' | 'refused'

/** A WebSocket to a server of any kind that comes back by itself. It connects at once. */
export class Socket {
  readonly #url: URL
  readonly #options: ResolvedSocketOptions
  readonly #emitter: Emitter<SocketEvents>
  readonly #machine: ClientMachine
  readonly #apply: (effect?: ClientEffect) => void
  readonly #queue: SendQueue
  readonly #handlers: ReadonlyMap<string, (message: never) => void>
  readonly #close = (): void => this.close()
  readonly #diagnose: Diagnose | undefined
  #socket: OpenWebSocket | undefined
  #state: SocketState
  #unwatch: (() => void) | undefined

  /** `url`: `ws:`, `wss:`, `http:` or `https:`, in a page also relative. Throws `ClientError` `ERR_OPTION` for an option that is none. */
  constructor(url: string | URL, options: SocketOptions = {}) {
    const resolved = resolveSocketOptions(options)
    const { environment, keepalive } = resolved
    this.#url = parseUrl(url)
    this.#url.protocol = this.#url.protocol.replace('http', 'ws')
    this.#options = resolved
    this.#emitter = createEmitter(environment.report)
    this.#handlers = new Map(Object.entries(options.on ?? {}))
    this.#queue = new SendQueue(resolved.maxQueuedMessages, resolved.maxQueuedBytes)
    const times = {
      ...resolved,
      // Silence is counted from what came last, so that nothing is added to the interval.
      maxPingDelayMs: 0,
      probeTimeoutMs: keepalive?.timeoutMs ?? 0,
      maxAdvisedDelayMs: resolved.maxDelayMs,
    }
    this.#machine = createClientMachine(times, environment.random)
    this.#apply = drive(this.#machine, environment, (effect, changed) => this.#obey(effect, changed))
    this.#diagnose = options.diagnose?.(this.#url, environment.nowMs)
    this.#state = this.#machine.state as SocketState
    this.connect()
  }

  /** Whether there is a connection, and why not. */
  get state(): SocketState {
    return this.#state
  }

  /** Connects again, after `close()` or when the server has sent it away. */
  connect(): void {
    const { signal, environment } = this.#options
    if (signal?.aborted) return
    signal?.addEventListener('abort', this.#close)
    this.#unwatch ??= environment.watch?.((what) => this.#noticed(what))
    this.#apply(this.#machine.connect(environment.nowMs()))
  }

  /** Ends the connection, and seeks no other. What still waited for one is dropped, and told as event `error`. */
  close(): void {
    this.#apply(this.#machine.disconnect())
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    this.close()
  }

  /**
   * Sends a text as it is, bytes as they are, and anything else as JSON. Without a connection it waits for one, in order. What was sent
   * on a connection that is lost may not have arrived, which only the server can tell.
   */
  send(message: unknown): Sent {
    const data = dataOf(message)
    const socket = this.#state.phase === 'connected' ? this.#socket : undefined
    if (socket !== undefined && socket.bufferedAmount + sizeOf(data) <= this.#options.maxQueuedBytes) {
      socket.send(data)
      return 'sent'
    }
    if (socket === undefined && this.#state.phase !== 'disconnected' && this.#queue.push(data)) return 'queued'
    const { state } = this
    const full =
      'A message was refused: too much waits to be sent. Send less, or raise maxQueuedMessages and maxQueuedBytes.'
    this.#emitter.emit(
      'error',
      state.phase === 'disconnected'
        ? disconnected(state.reason, 'A message was refused. ')
        : new ClientError('ERR_QUEUE_FULL', full),
    )
    return 'refused'
  }

  /** Resolves when it is connected. Rejects with `ERR_DISCONNECTED` when no connection is sought, and after `timeoutMs`, by default never. */
  ready(options: CallOptions = {}): Promise<void> {
    return ready(
      options,
      () => {
        const { state } = this
        if (state.phase === 'connected') return 'ready'
        return state.phase === 'disconnected' ? disconnected(state.reason) : undefined
      },
      (changed) => this.on('state', changed),
    )
  }

  /** Listens until the function that it returns is called, or the signal is aborted. */
  on<Name extends keyof SocketEvents>(
    name: Name,
    listener: (event: SocketEvents[Name]) => void,
    options?: { readonly signal?: AbortSignal },
  ): () => void {
    return this.#emitter.on(name, listener, options)
  }

  #noticed(what: 'woke' | 'offline'): void {
    const nowMs = this.#options.environment.nowMs()
    // Who cannot be asked is not doubted.
    if (this.#state.phase === 'connected' && this.#options.keepalive === undefined) return
    this.#apply(this.#machine.noticed(what, nowMs))
  }

  #obey(effect: ClientEffect | undefined, changed: ClientState | undefined): void {
    if (effect === 'close') this.#drop()
    // There are no tokens here.
    if (effect === 'authorize') this.#machine.authorized(this.#options.environment.nowMs())
    if (effect === 'authorize') this.#open()
    if (effect === 'probe') this.#socket?.send(dataOf(this.#options.keepalive?.message))
    if (changed === undefined) return
    this.#state = changed.phase === 'connected' ? { phase: 'connected', isSuspect: changed.isSuspect } : changed
    if (changed.phase === 'disconnected') this.#ended(changed.reason)
    this.#emitter.emit('state', this.#state)
  }

  #ended(reason: CloseReason): void {
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#options.signal?.removeEventListener('abort', this.#close)
    const dropped = this.#queue.take().length
    if (dropped > 0) this.#emitter.emit('error', disconnected(reason, `${dropped} messages were not sent. `))
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.close(1000)
  }

  #open(): void {
    const { environment, protocols = [], keepalive } = this.#options
    const learned = during(this.#machine, (found: CloseReason) => {
      this.#machine.learned(found, environment.nowMs())
      this.#apply()
    })
    const end = during(this.#machine, (reason: CloseReason) => {
      this.#apply(this.#machine.ended(reason, environment.nowMs()))
      this.#diagnose?.(reason, learned)
    })
    let socket: OpenWebSocket
    try {
      socket = new (this.#options.WebSocket ?? (globalThis.WebSocket as never as SocketWebSocket))(String(this.#url), [
        ...protocols,
      ])
    } catch (cause) {
      queueMicrotask(() => end(closeReason('unreachable', { text: String(cause), cause })))
      return
    }
    const isPresent = (): boolean => this.#socket === socket
    let isOpen = false
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      if (!isPresent()) return
      isOpen = true
      this.#machine.greeted('', keepalive?.intervalMs ?? 0, environment.nowMs())
      // Before anybody who hears of the connection sends more.
      for (const data of this.#queue.take()) socket.send(data)
      this.#apply()
    }
    socket.onmessage = ({ data }: { data: unknown }) => {
      if (!isPresent()) return
      this.#machine.heard(environment.nowMs())
      this.#apply()
      this.#received(data)
    }
    // Browsers tell no more than that there was one, and `close` follows.
    socket.onerror = () => {}
    socket.onclose = ({ code, reason }: { code: number; reason: string }) => {
      if (!isPresent()) return
      const details = { code, text: reason || `code ${code}` }
      let comesBack = true
      const { reconnectsAfter } = this.#options
      // What it throws is no reason to stay as if there were a connection.
      if (isOpen && reconnectsAfter) this.#emitter.call(() => (comesBack = reconnectsAfter(code, reason) ?? true))
      end(closeReason(comesBack ? (isOpen ? 'lost' : 'unreachable') : 'refused', details))
    }
  }

  #received(data: unknown): void {
    const message = typeof data === 'string' ? jsonOf(data) : data
    const { typeField = 'type' } = this.#options
    const type = typeof message === 'object' && message !== null && (message as Record<string, unknown>)[typeField]
    const handler = typeof type === 'string' ? this.#handlers.get(type) : undefined
    if (handler !== undefined) this.#emitter.call(handler, message)
    this.#emitter.emit('message', message)
  }
}

function dataOf(message: unknown): string | SocketBytes {
  const isData = typeof message === 'string' || message instanceof ArrayBuffer || ArrayBuffer.isView(message)
  return isData ? (message as string | SocketBytes) : (JSON.stringify(message) ?? 'null')
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function disconnected(reason: CloseReason, what = ''): ClientError {
  return new ClientError('ERR_DISCONNECTED', `${what}No connection is sought: ${reason.text}. ${reason.advice}`, {
    reason,
  })
}
