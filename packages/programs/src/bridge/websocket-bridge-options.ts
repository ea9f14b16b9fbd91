import type { ServerOptions } from '@wigwag/socket'
import { Credentials } from '../access/credentials.ts'
import { checkNumberOption } from '../check-option.ts'
import { ProgramsError } from '../programs-error.ts'
import type { BridgeEvent } from './bridge-event.ts'
import { type BridgeTarget, formatTarget, requireTarget } from './bridge-target.ts'
import { STREAM_SUBPROTOCOL } from './joint.ts'
import { type JointOptions, type ResolvedJointOptions, resolveJointOptions } from './joint-options.ts'

/** Where WebSockets lead, who may use them, and how long things may take. */
export interface WebSocketBridgeOptions extends Omit<ServerOptions, 'textAs' | 'bytesAs' | 'slowReader'>, JointOptions {
  /** Where every WebSocket leads that names no target: `HOST:PORT`, `[IPV6]:PORT` or `unix:/path`. Default: nowhere. */
  readonly to?: string
  /** Targets that a client may name with `?target=`; others get 403. Names are compared as they are written, not looked up. Default: `to` alone. */
  readonly allow?: readonly string[]
  /** Who may come in: `NAME:PASSWORD` each, by `Authorization: Basic` or the subprotocol `basic.BASE64URL`. Others get 401. Default: everybody whom Host and origin policies let through. */
  readonly credentials?: readonly string[]
  /** The subprotocols we speak; of those a client offers its first that is one of them is chosen. Default: `wigwag.stream.v1`, with half-close, and names under which others send a stream's bytes as they are. */
  readonly subprotocols?: readonly string[]
  /** How long a target may take to be connected, in milliseconds. Default 5,000. Then: 504. */
  readonly connectTimeoutMs?: number
  /** Told of connections that come and go. */
  readonly onEvent?: (event: BridgeEvent) => void
}

/** `WebSocketBridgeOptions` as the bridge looks at them. */
export interface ResolvedWebSocketBridgeOptions {
  readonly to: BridgeTarget | undefined
  /** By the text that `formatTarget` gives them. */
  readonly allowed: ReadonlyMap<string, BridgeTarget>
  readonly credentials: Credentials | undefined
  readonly subprotocols: readonly string[]
  readonly connectTimeoutMs: number
  readonly joint: ResolvedJointOptions
  readonly onEvent: (event: BridgeEvent) => void
}

const DEFAULTS = {
  connectTimeoutMs: 5_000,
  subprotocols: [STREAM_SUBPROTOCOL, 'binary', 'mqtt', 'mqttv3.1', 'amqp', 'AMQPWSB10'],
} as const

/** Fills in the defaults. Throws `ProgramsError` `ERR_PROGRAM_OPTION` that names the option and what it takes. */
export function resolveWebSocketBridgeOptions(options: WebSocketBridgeOptions): ResolvedWebSocketBridgeOptions {
  const { connectTimeoutMs = DEFAULTS.connectTimeoutMs, credentials } = options
  checkNumberOption('connectTimeoutMs', connectTimeoutMs, 1)
  const to = options.to === undefined ? undefined : requireTarget('to', options.to)
  const allowed = (options.allow ?? []).map((text) => requireTarget('allow', text))
  if (to === undefined && allowed.length === 0) {
    throw new ProgramsError('ERR_PROGRAM_OPTION', 'A bridge leads somewhere: give it to, allow, or both.')
  }
  return {
    to,
    allowed: new Map([...allowed, ...(to ? [to] : [])].map((target) => [formatTarget(target), target])),
    credentials: credentials && new Credentials(credentials),
    subprotocols: options.subprotocols ?? DEFAULTS.subprotocols,
    connectTimeoutMs,
    joint: resolveJointOptions(options),
    onEvent: options.onEvent ?? (() => {}),
  }
}
