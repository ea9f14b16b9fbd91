import { checkNumberOption } from '../broker/history-options.ts'

/** How much may wait for a session that does not read. Bytes are those of encoded packets, as UTF-8. */
export interface OutboxOptions {
  /**
   * How much the transport may hold, in bytes, before packets wait in the outbox, where policies can act on them. Default
   * 64 KiB. One packet goes over it.
   */
  readonly highWaterMarkBytes?: number
  /** Most bytes of publications that wait. Default 1 MiB. Above it the slow-consumer policy of the namespace acts. */
  readonly maxQueuedBytes?: number
  /** Most publications that wait (count). Default 10,000. Above it the same. */
  readonly maxQueuedPackets?: number
  /** Most bytes of other packets that wait: replies, joins, pings. Default 1 MiB. Above it: disconnect 3008. */
  readonly maxControlBytes?: number
  /** Most other packets that wait (count). Default 10,000. Above it: disconnect 3008. */
  readonly maxControlPackets?: number
}

const DEFAULTS = {
  highWaterMarkBytes: 64 * 1024,
  maxQueuedBytes: 1024 * 1024,
  maxQueuedPackets: 10_000,
  maxControlBytes: 1024 * 1024,
  maxControlPackets: 10_000,
} as const

/** Fills in the defaults. Throws `HubError` `ERR_OPTION` that names the option and what it takes. */
export function resolveOutboxOptions(options: OutboxOptions = {}): Required<OutboxOptions> {
  const resolved = {
    highWaterMarkBytes: options.highWaterMarkBytes ?? DEFAULTS.highWaterMarkBytes,
    maxQueuedBytes: options.maxQueuedBytes ?? DEFAULTS.maxQueuedBytes,
    maxQueuedPackets: options.maxQueuedPackets ?? DEFAULTS.maxQueuedPackets,
    maxControlBytes: options.maxControlBytes ?? DEFAULTS.maxControlBytes,
    maxControlPackets: options.maxControlPackets ?? DEFAULTS.maxControlPackets,
  }
  checkNumberOption('outbox.highWaterMarkBytes', resolved.highWaterMarkBytes, 0)
  checkNumberOption('outbox.maxQueuedBytes', resolved.maxQueuedBytes, 1)
  checkNumberOption('outbox.maxQueuedPackets', resolved.maxQueuedPackets, 1)
  checkNumberOption('outbox.maxControlBytes', resolved.maxControlBytes, 1)
  checkNumberOption('outbox.maxControlPackets', resolved.maxControlPackets, 1)
  return resolved
}
