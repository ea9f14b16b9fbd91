import type { PresenceStore } from '@wigwag/hub'
import type { RedisPresenceStore, RedisPresenceStoreOptions } from '@wigwag/redis'
import { expect } from 'vitest'
import { untilAnswered } from './hubs-on-redis.ts'

/** Soon back, and soon sure that Redis is gone: what a test need not wait for. */
export const SOON_BACK: RedisPresenceStoreOptions = { maxReconnectDelayMs: 20 }

/** Resolves when a store answers again. */
export async function untilReached(store: PresenceStore): Promise<void> {
  await untilAnswered(
    () =>
      store.stats('nobody').then(
        () => true,
        () => false,
      ),
    (isThere) => isThere,
  )
}

/** Who a store says is in a channel, in the order of their names. */
export async function seenBy(store: PresenceStore, channel: string): Promise<string[]> {
  return [...(await store.presence(channel)).keys()].sort()
}

/** Asks a store for everything, and expects it to refuse each for `why`. */
export async function expectAway(store: RedisPresenceStore, why: RegExp): Promise<void> {
  const ada = { client: 'ada', user: 'u' }
  const asked = [
    store.add('a', ada),
    store.remove('a', 'ada'),
    store.presence('a'),
    store.stats('a'),
    store.expire('a'),
  ]
  for (const answer of await Promise.allSettled(asked)) {
    expect(answer).toMatchObject({
      status: 'rejected',
      reason: { code: 'ERR_PRESENCE_UNAVAILABLE', message: expect.stringMatching(why) },
    })
  }
}
