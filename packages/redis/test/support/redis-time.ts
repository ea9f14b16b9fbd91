import { Redis } from 'ioredis'

/** What was to expire in so many milliseconds is to expire that much sooner. */
const PASS = `
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  if redis.call('TYPE', key).ok == 'zset' then
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do redis.call('ZINCRBY', key, -ARGV[2], member) end
  end
  local left = redis.call('PTTL', key)
  if left >= 0 then redis.call('PEXPIRE', key, string.format('%.0f', left - ARGV[2])) end
end
`

/**
 * Lets time pass in Redis without waiting for it. Nobody can move its clock, but all that it knows of time is when
 * something expires: so that is moved towards now, and the scripts run as they are.
 */
export class RedisTime {
  readonly #redis: Redis

  constructor(port: number) {
    this.#redis = new Redis(port)
  }

  /** For every key that begins with `prefix`. */
  async pass(prefix: string, ms: number): Promise<void> {
    await this.#redis.eval(PASS, 0, `${prefix}*`, ms)
  }

  close(): void {
    this.#redis.disconnect()
  }
}
