import { type Broker, type BrokerStatus, type HistoryOptions, HubError } from '@wigwag/hub'
import { RedisBroker } from '@wigwag/redis'
import { CliError, ExitCode } from '../cli-error.ts'
import type { ServeOptions } from './serve-options.ts'

/** The broker that was asked for; nothing where memory does. Throws `CliError` for what Redis cannot be asked for. */
export function createBroker(
  { redis, redisPrefix, redisBridge }: ServeOptions,
  history: HistoryOptions,
  onStatus: (status: BrokerStatus) => void,
): Broker | undefined {
  if (redis === undefined) return undefined
  // As long as everybody may publish here, everybody who reaches Redis may, too.
  const bridge = typeof redisBridge === 'object' ? redisBridge : redisBridge === false ? 'none' : 'all'
  try {
    return new RedisBroker({ url: redis, prefix: redisPrefix, bridge, history, onStatus })
  } catch (error) {
    if (error instanceof HubError) throw new CliError(`--redis: ${error.message}`, ExitCode.usage)
    throw error
  }
}
