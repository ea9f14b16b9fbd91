import type { Json, PublishRequest } from '@wigwag/protocol'
import type { CallOptions } from '../cancellable.ts'
import type { Commands } from './commands.ts'
import type { PublishKept } from './offline-queue.ts'

/** How something is published. */
export interface PublishOptions extends CallOptions {
  /**
   * Published again with the same key, within five minutes and by the same user, it is stored once. At most 128 characters.
   * Default: none; with an offline queue one of its own.
   */
  readonly idempotencyKey?: string
}

/** Publishes to a channel. Resolves when the hub has stored it. */
export type Publish = (channel: string, data: Json, options?: PublishOptions) => Promise<void>

/** `keep` publishes instead of the commands, where there is an offline queue. */
export function createPublish(commands: Commands, keep: PublishKept | undefined): Publish {
  return async (channel, data, { idempotencyKey, ...options } = {}) => {
    // JSON has nothing of what is undefined.
    const request = { channel, data, idempotency_key: idempotencyKey } as PublishRequest
    await (keep === undefined ? commands.call('publish', request, options) : keep(request, options.signal))
  }
}
