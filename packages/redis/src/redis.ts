import { RedisBroker } from './redis-broker.ts'
import type { RedisBrokerOptions } from './redis-broker-options.ts'

/**
 * A broker on the Redis at `url`, for `createHub({ broker: redis('redis://…') })`: channels, history and presence are
 * shared by all hubs there. Throws `HubError` `ERR_OPTION` for an option out of range.
 */
export function redis(url: string, options: Omit<RedisBrokerOptions, 'url'> = {}): RedisBroker {
  return new RedisBroker({ ...options, url })
}
