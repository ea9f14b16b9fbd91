/** The names that one channel has in Redis. All hash to one slot, because a script works on them together. */
export interface ChannelKeys {
  /** Hash: the stream's epoch (`e`), last offset (`o`), time of the last publication (`t`), bytes retained (`b`). */
  readonly meta: string
  /** Stream: the retained publications, with ids OFFSET-TIME. */
  readonly stream: string
  /** What idempotency keys begin with. */
  readonly idempotency: string
  /** The sharded pub/sub channel on which publications go live. */
  readonly live: string
}

/** The names of a channel. `prefix` has no braces. `database` is the number of the one that holds the keys. */
export function channelKeys(prefix: string, channel: string, database: number): ChannelKeys {
  const tag = channelTag(prefix, channel)
  // Keys lie in a database; pub/sub is the same in all of them.
  const live = database === 0 ? `${tag}:live` : `${tag}:live:${database}`
  return { meta: `${tag}:meta`, stream: `${tag}:stream`, idempotency: `${tag}:key:`, live }
}

/** The sharded pub/sub channel on which hubs tell each other what concerns no channel. No channel's own has that name: it has braces. */
export function controlName(prefix: string, database: number): string {
  return database === 0 ? `${prefix}:control` : `${prefix}:control:${database}`
}

/** The one on which a single hub is told. */
export function controlNameOf(control: string, hub: string): string {
  return `${control}:hub:${hub}`
}

/** What every name of a channel begins with. */
export function channelTag(prefix: string, channel: string): string {
  // Redis hashes what stands in the first pair of braces: the channel's own must not end it early.
  return `${prefix}:{${channel.replace(/[%{}]/g, encodeURIComponent)}}`
}
