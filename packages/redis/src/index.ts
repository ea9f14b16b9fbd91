export { RedisBroker, type RedisBrokerStats } from './redis-broker.ts'
export type { RedisBrokerOptions } from './redis-broker-options.ts'
export { describeRedis } from './redis-url.ts'
