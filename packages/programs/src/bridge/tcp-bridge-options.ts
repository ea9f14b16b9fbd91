import type { ConnectOptions } from '@wigwag/socket'
import { checkNumberOption } from '../check-option.ts'
import type { BridgeEvent } from './bridge-event.ts'
import { STREAM_SUBPROTOCOL } from './joint.ts'
import { type JointOptions, type ResolvedJointOptions, resolveJointOptions } from './joint-options.ts'

/** How a WebSocket is connected and behaves; what it is for is the bridge's. */
type Connecting = Omit<
  ConnectOptions,
  | keyof { textAs: 0; bytesAs: 0; slowReader: 0; signal: 0; data: 0 }
  | keyof { open: 0; message: 0; ping: 0; pong: 0; drain: 0; slow: 0; closing: 0; close: 0; error: 0 }
>

/** Where connections lead, how many there may be, and how long things may take. */
export interface TcpBridgeOptions extends Connecting, JointOptions {
  /** The WebSocket that each connection is given: `ws:` or `wss:`. */
  readonly to: string
  /** The subprotocols that are offered, most wanted first. Default: `wigwag.stream.v1`, with half-close, and `binary`. */
  readonly subprotocols?: readonly string[]
  /** Most connections at once. Default 1,000. Above it one is closed as soon as it comes. */
  readonly maxConnections?: number
  /** Told of connections that come and go. */
  readonly onEvent?: (event: BridgeEvent) => void
}

/** `TcpBridgeOptions` as the bridge looks at them. */
export interface ResolvedTcpBridgeOptions {
  readonly to: string
  readonly connecting: Connecting
  readonly maxConnections: number
  readonly joint: ResolvedJointOptions
  readonly onEvent: (event: BridgeEvent) => void
}

const DEFAULTS = { subprotocols: [STREAM_SUBPROTOCOL, 'binary'], maxConnections: 1_000 } as const

/** Fills in the defaults. Throws `ProgramsError` `ERR_PROGRAM_OPTION` that names the option and what it takes. */
export function resolveTcpBridgeOptions(options: TcpBridgeOptions): ResolvedTcpBridgeOptions {
  const { to, maxConnections = DEFAULTS.maxConnections, idleTimeoutMs, lingerMs, onEvent, ...connecting } = options
  checkNumberOption('maxConnections', maxConnections, 1)
  return {
    to,
    connecting: { ...connecting, subprotocols: connecting.subprotocols ?? DEFAULTS.subprotocols },
    maxConnections,
    joint: resolveJointOptions({
      ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
      ...(lingerMs !== undefined && { lingerMs }),
    }),
    onEvent: onEvent ?? (() => {}),
  }
}
