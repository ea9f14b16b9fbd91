import type { Environment } from '../environment/environment.ts'
import { pageEnvironment } from '../environment/page-environment.ts'
import type { CreateDiagnosis } from '../http/diagnosis.ts'
import { resolveOptions } from '../resolve-options.ts'
import type { SocketWebSocket } from './socket-web-socket.ts'

/** A sign of life that is asked for. */
export interface Keepalive {
  /** What is sent: as `send` takes it. The server answers with anything. */
  readonly message: unknown
  /** How long nothing may come before it is sent, in milliseconds. Default 25,000. */
  readonly intervalMs?: number
  /** For an answer, in milliseconds. Above it: another connection. Default 5000. */
  readonly timeoutMs?: number
}

/** How a socket connects, and what it makes of messages. */
export interface SocketOptions {
  /** Handlers by message type: the text that a message has in `typeField`. What has none is told by the event `message`, as all is. */
  readonly on?: Readonly<Record<string, (message: never) => void>>
  /** The field of a message that says what it is. Default `'type'`. */
  readonly typeField?: string
  /** Subprotocols, as `new WebSocket` takes them. Default none. */
  readonly protocols?: readonly string[]
  /** Asks a silent server whether it is there. Default: it is not asked, and a connection lasts until it is closed. */
  readonly keepalive?: Keepalive
  /** Whether to come back when the server closes with this code. Default: always. */
  readonly reconnectsAfter?: (code: number, reason: string) => boolean
  /** `diagnosed`: asks by a plain request why a WebSocket did not open, which browsers do not tell. Default: it is `unreachable`. */
  readonly diagnose?: CreateDiagnosis
  /** Shortest wait before another attempt, in milliseconds. Default 500. */
  readonly minDelayMs?: number
  /** Longest wait before another attempt, in milliseconds. Default 20,000. */
  readonly maxDelayMs?: number
  /** For the opening handshake, in milliseconds. Above it: the next attempt. Default 10,000. */
  readonly connectTimeoutMs?: number
  /** Messages that wait for a connection (count). Above it `send` refuses. Default 100. */
  readonly maxQueuedMessages?: number
  /** What waits for a connection or for the network, in bytes; text in UTF-16 code units. Above it `send` refuses. Default 262,144. */
  readonly maxQueuedBytes?: number
  /** Ends it when it is aborted. */
  readonly signal?: AbortSignal
  /** The class. Default: the global one, which Node has from version 22 on. */
  readonly WebSocket?: SocketWebSocket
  /** Time, chance, device and page. Default: those of the host. */
  readonly environment?: Environment
}

/** With every default filled in. */
export type ResolvedSocketOptions = Omit<SocketOptions, 'keepalive'> &
  Required<Pick<SocketOptions, keyof typeof DEFAULTS | 'environment'>> & {
    readonly keepalive: Required<Keepalive> | undefined
  }

const DEFAULTS = {
  minDelayMs: 500,
  maxDelayMs: 20_000,
  connectTimeoutMs: 10_000,
  maxQueuedMessages: 100,
  maxQueuedBytes: 262_144,
} as const
const KEEPALIVE = { intervalMs: 25_000, timeoutMs: 5000 } as const

/** Fills in defaults. Throws `ClientError` `ERR_OPTION` for a number that is none, or below 1. */
export function resolveSocketOptions(options: SocketOptions): ResolvedSocketOptions {
  const { environment = pageEnvironment(), keepalive } = options
  return {
    ...resolveOptions(DEFAULTS, options),
    environment,
    keepalive: keepalive && resolveOptions(KEEPALIVE, keepalive, 'keepalive.'),
  }
}
