import type { EventEmitter } from 'node:events'
import type { WebSocket } from 'ws'

const EVENTS = ['open', 'message', 'ping', 'pong', 'close', 'error', 'upgrade', 'redirect', 'unexpected-response']

/** What happened, by who noticed: the two ends of a connection are told in no order that would be the same each time. */
export class Log {
  readonly entries: Record<string, unknown[]> = Object.create(null)

  note(who: string, ...what: unknown[]): void {
    this.entries[who] ??= []
    this.entries[who].push(what.length === 1 ? plain(what[0]) : what.map(plain))
  }

  /** Notes every event of a socket, with its arguments and the state that it is told in. */
  watch<Socket extends WebSocket>(who: string, socket: Socket): Socket {
    for (const name of EVENTS) {
      // A listener would keep the answer from being an error, and an error from being thrown.
      if (name === 'unexpected-response') continue
      socket.on(name, (...parameters: unknown[]) => this.note(who, name, ...parameters, socket.readyState))
    }
    return socket
  }

  /** Notes what a call throws or returns. */
  try(who: string, what: string, act: () => unknown): void {
    try {
      this.note(who, what, 'returned', act())
    } catch (error) {
      this.note(who, what, 'threw', error)
    }
  }

  /** A callback that notes what it is called with. */
  callback(who: string, what: string): (...parameters: unknown[]) => void {
    return (...parameters) => this.note(who, what, 'called', ...parameters)
  }
}

/** A value as it can be compared: bytes, errors and requests by what programs see of them. */
function plain(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return { Buffer: value.length > 64 ? `${value.length} bytes` : value.toString('latin1') }
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof ArrayBuffer) return { ArrayBuffer: Buffer.from(value).toString('latin1') }
  if (value instanceof Blob) return { Blob: value.size }
  if (value instanceof Error) {
    const { code } = value as NodeJS.ErrnoException
    return { [value.name]: value.message.replace(/:\d{4,5}\b/g, ':PORT'), code }
  }
  if (typeof value === 'object' && value !== null) {
    if (Object.getPrototypeOf(value) === Object.prototype) {
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]))
    }
    return value.constructor.name
  }
  if (typeof value === 'string') return value.replace(/:\d{4,5}\b/g, ':PORT')
  return value
}

/** Waits for an event without swallowing errors of the emitter. */
export function event(emitter: EventEmitter, name: string): Promise<unknown[]> {
  return new Promise((resolve) => emitter.once(name, (...parameters: unknown[]) => resolve(parameters)))
}
