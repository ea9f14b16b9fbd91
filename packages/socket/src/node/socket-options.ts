import {
  type ConnectionOptions,
  checkModeOption,
  checkNumberOption,
  UsageError,
  withoutUndefined,
} from '../core/index.ts'
import { IS_NATIVE_ALLOWED } from './native-support.ts'

/** How a socket behaves besides its connection. */
export interface SocketOptions extends ConnectionOptions {
  /** Most bytes queued for a peer that reads slowly. Default 1 MiB. A message that would exceed it is refused; an empty queue takes a message of any size. */
  readonly maxQueuedBytes?: number
  /**
   * What becomes of a slow reader: `'close'` closes it with 1013, so that it comes back and catches up; `'drop'` only
   * drops the message. Either way `send` returns `'dropped'`, `slow` is called and a counter rises. Default `'close'`.
   */
  readonly slowReader?: 'close' | 'drop'
  /** From how many queued bytes on `send` returns `'queued'` instead of `'ok'`, and `drain` follows. Default 64 KiB. */
  readonly highWaterMarkBytes?: number
  /**
   * `'native'` reads, writes and compresses past Node's streams where that was tested (on Node 20, 22 and 24; plain
   * sockets), for a fifth less time per message; a server of our own (`listen`) then makes no socket of `net` for an
   * upgrade either, for half of the memory. `'public'` uses documented calls only. Default `'native'`. Where
   * the environment has `WIGWAG_IO=public` when this package is loaded, all of the process is `'public'`, whatever this
   * says.
   */
  readonly io?: 'native' | 'public'
}

/** The options that a socket itself looks at, with every default filled in. */
export type ResolvedSocketOptions = Required<Omit<SocketOptions, keyof ConnectionOptions>>

const DEFAULTS = {
  maxQueuedBytes: 1024 * 1024,
  slowReader: 'close',
  highWaterMarkBytes: 64 * 1024,
  io: 'native',
} as const

/** Fills in the defaults. Throws `UsageError` `ERR_OPTION` that names the option and what it takes. */
export function resolveSocketOptions(options: SocketOptions): ResolvedSocketOptions {
  const { maxQueuedBytes, slowReader, highWaterMarkBytes, io } = options
  const resolved = { ...DEFAULTS, ...withoutUndefined({ maxQueuedBytes, slowReader, highWaterMarkBytes, io }) }
  checkNumberOption('maxQueuedBytes', resolved.maxQueuedBytes, 1)
  checkNumberOption('highWaterMarkBytes', resolved.highWaterMarkBytes, 0)
  checkModeOption('slowReader', resolved.slowReader, ['close', 'drop'])
  checkModeOption('io', resolved.io, ['native', 'public'])
  if (!IS_NATIVE_ALLOWED) resolved.io = 'public'
  if (resolved.highWaterMarkBytes > resolved.maxQueuedBytes) {
    throw new UsageError(
      'ERR_OPTION',
      `Option highWaterMarkBytes (${resolved.highWaterMarkBytes}) must not exceed maxQueuedBytes (${resolved.maxQueuedBytes}).`,
    )
  }
  return resolved
}
