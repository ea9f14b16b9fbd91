import { UsageError } from '../error/wigwag-error.ts'
import type { Utf8Mode } from '../message/message-assembler.ts'

/** How a connection behaves; the same for every connection of a server. */
export interface ConnectionOptions {
  /** Largest message accepted, in bytes, after inflation. Default 1 MiB. Above it: close 1009, before the payload is read. */
  readonly maxMessageBytes?: number
  /** Largest payload of one frame accepted, in bytes. Default: `maxMessageBytes`. Above it: close 1009, before the payload is read. */
  readonly maxFrameBytes?: number
  /** Most frames that one message may be split into (count). Default 16,384. Above it: close 1008. */
  readonly maxFragments?: number
  /** Most control frames accepted in one second (count). Default 256. Above it: close 1008. */
  readonly maxControlFramesPerSecond?: number
  /** Bytes waiting to be written above which pings are not answered any more, because the peer does not read. Default 2 MiB. */
  readonly maxBufferedForPongBytes?: number
  /** `'strict'` checks text as RFC 6455 §8.1 demands (close 1007); `'trust'` is for links where both ends are ours. Default `'strict'`. */
  readonly utf8?: Utf8Mode
  /** Whether a text message is told as a `string`, or as its UTF-8 bytes without the cost of decoding. Default `'string'`. */
  readonly textAs?: 'string' | 'bytes'
  /**
   * Whose the bytes of a message are. `'owned'`: the handler's to keep. `'borrowed'`: they may be overwritten as soon as the
   * handler returns (an asynchronous one: at its first `await`), so it copies what it keeps; sending them on is fine. It
   * spares copying messages of up to 16 KiB, a quarter of what echoing one of 125 bytes takes. Default `'owned'`.
   */
  readonly bytesAs?: 'owned' | 'borrowed'
  /** Whether pings are answered at once (RFC 6455 §5.5.2). Default true; `false` leaves it to the application, which then must. */
  readonly autoPong?: boolean
  /** Whether the answer to a Close frame repeats its reason, too, not the code alone (RFC 6455 §5.5.1). Default false. */
  readonly echoCloseReason?: boolean
  /**
   * Whether a client, too, ends the transport when both Close frames have passed, rather than wait for the server to do so
   * (RFC 6455 §7.1.1 lets it): for servers that never do. Default false.
   */
  readonly clientEndsTransport?: boolean
  /** Silence after which a ping is sent, in milliseconds, varied by ±10 % so that connections spread out. Default 25,000. 0 sends none. */
  readonly pingIntervalMs?: number
  /** How long after a ping anything must have come, in milliseconds. Default 10,000. After that: close 1011, and the socket is dropped. */
  readonly pongTimeoutMs?: number
  /** How long the closing handshake may take, in milliseconds. Default 5,000. After that the socket is dropped. */
  readonly closeTimeoutMs?: number
}

/** `ConnectionOptions` with every default filled in. */
export type ResolvedConnectionOptions = Required<ConnectionOptions>

const DEFAULTS = {
  maxMessageBytes: 1024 * 1024,
  maxFragments: 16_384,
  maxControlFramesPerSecond: 256,
  maxBufferedForPongBytes: 2 * 1024 * 1024,
  utf8: 'strict',
  textAs: 'string',
  bytesAs: 'owned',
  autoPong: true,
  echoCloseReason: false,
  clientEndsTransport: false,
  pingIntervalMs: 25_000,
  pongTimeoutMs: 10_000,
  closeTimeoutMs: 5_000,
} as const

/** Lowest value of each numeric option; only `pingIntervalMs` has a meaning for 0. */
const LOWEST = {
  maxMessageBytes: 1,
  maxFrameBytes: 1,
  maxFragments: 1,
  maxControlFramesPerSecond: 1,
  maxBufferedForPongBytes: 0,
  pingIntervalMs: 0,
  pongTimeoutMs: 1,
  closeTimeoutMs: 1,
} as const

/** Fills in the defaults. Throws `UsageError` `ERR_OPTION` that names the option and what it takes. */
export function resolveConnectionOptions(options: ConnectionOptions = {}): ResolvedConnectionOptions {
  const maxMessageBytes = options.maxMessageBytes ?? DEFAULTS.maxMessageBytes
  const resolved = { ...DEFAULTS, maxFrameBytes: maxMessageBytes, ...withoutUndefined(options) }
  for (const [name, lowest] of Object.entries(LOWEST)) {
    checkNumberOption(name, resolved[name as keyof typeof LOWEST], lowest)
  }
  checkModeOption('utf8', resolved.utf8, ['strict', 'trust'])
  checkModeOption('textAs', resolved.textAs, ['string', 'bytes'])
  checkModeOption('bytesAs', resolved.bytesAs, ['owned', 'borrowed'])
  checkFlagOption('autoPong', resolved.autoPong)
  checkFlagOption('echoCloseReason', resolved.echoCloseReason)
  checkFlagOption('clientEndsTransport', resolved.clientEndsTransport)
  return resolved
}

/** Options given as `undefined` count as not given. */
export function withoutUndefined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}

/** Throws `UsageError` `ERR_OPTION` unless `value` is a whole number from `lowest` up. */
export function checkNumberOption(name: string, value: unknown, lowest: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= lowest) return
  throw new UsageError('ERR_OPTION', `Option ${name} must be a whole number from ${lowest} up; it is ${String(value)}.`)
}

/** Throws `UsageError` `ERR_OPTION` unless `value` is a boolean. */
export function checkFlagOption(name: string, value: unknown): void {
  if (typeof value === 'boolean') return
  throw new UsageError('ERR_OPTION', `Option ${name} must be true or false; it is ${String(value)}.`)
}

/** Throws `UsageError` `ERR_OPTION` unless `value` is one of `modes`. */
export function checkModeOption(name: string, value: unknown, modes: readonly string[]): void {
  if (modes.includes(value as string)) return
  throw new UsageError(
    'ERR_OPTION',
    `Option ${name} must be one of ${modes.map((mode) => `'${mode}'`).join(', ')}; it is ${String(value)}.`,
  )
}
