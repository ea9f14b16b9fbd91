import type { Redis, RedisOptions } from 'ioredis'
import type { ResolvedRedisLineOptions } from './redis-line-options.ts'
import { redisOptionsOf } from './redis-url.ts'

const FIRST_RECONNECT_DELAY_MS = 50

/** What the driver is told: to reconnect after `delayMs(attempt)` for ever, to queue nothing, and to send nothing twice. */
export function driverOptions(
  { url, client, commandTimeoutMs, maxReconnectDelayMs }: ResolvedRedisLineOptions,
  delayMs: (attempt: number) => number,
): RedisOptions & { replyMapping: 'legacy' } {
  return {
    connectionName: 'wigwag',
    connectTimeout: commandTimeoutMs,
    ...redisOptionsOf(url),
    ...client,
    lazyConnect: true,
    replyMapping: 'legacy',
    stringNumbers: false,
    // Keys have our own prefix; the driver's would reach only some of them.
    keyPrefix: '',
    enableAutoPipelining: false,
    commandTimeout: commandTimeoutMs,
    // What is given up is given up at once, and keeps no process waiting.
    disconnectTimeout: 0,
    maxLoadingRetryTime: maxReconnectDelayMs,
    // Whoever asks hears of it at once, and nothing is done later that was given up.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // The broker subscribes anew by itself, because it has to know when that is done.
    autoResubscribe: false,
    retryStrategy: delayMs,
    sentinelRetryStrategy: delayMs,
    // A master that became a replica refuses to write: the next connection finds the new one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  }
}

/** Full jitter: many nodes that lost the same Redis do not come back at the same moment. */
export function reconnectDelay(attempt: number, maxMs: number): number {
  return Math.ceil(Math.random() * Math.min(maxMs, FIRST_RECONNECT_DELAY_MS * 2 ** Math.min(attempt - 1, 20)))
}

/** Whether a connection works, as far as is known. The driver says a little later that it does not. */
export function isUsable({ status, stream }: Redis): boolean {
  return status === 'ready' && stream.writable
}

/** Connects. Resolves when that has succeeded, or failed for the first time, or took longer than `timeoutMs`; the driver goes on trying. */
export async function tryToConnect(connections: readonly Redis[], timeoutMs: number): Promise<void> {
  const tried = connections.map((connection) => connection.connect().catch(() => {}))
  // A Redis that is loading takes its time.
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs)
  })
  await Promise.race([Promise.all(tried), tooLong])
  clearTimeout(timer)
}
