import type { PresenceStore } from '@wigwag/hub'

/** A store whose methods ask `guard` first: it may count, wait, or reject as a store does that cannot be reached. */
export function guardedPresenceStore(
  kept: PresenceStore,
  guard: <T>(ask: () => Promise<T>) => Promise<T>,
): PresenceStore {
  return {
    add: (...asked) => guard(() => kept.add(...asked)),
    remove: (...asked) => guard(() => kept.remove(...asked)),
    presence: (...asked) => guard(() => kept.presence(...asked)),
    stats: (...asked) => guard(() => kept.stats(...asked)),
    expire: (...asked) => guard(() => kept.expire(...asked)),
    close: () => kept.close(),
  }
}
