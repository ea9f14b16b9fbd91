import type { ClientInfo } from '@wigwag/protocol'
import type { CallOptions } from '../cancellable.ts'
import type { ChannelCaller } from './channel-caller.ts'

/** How many are in a channel (counts). */
export interface PresenceStats {
  readonly clients: number
  readonly users: number
}

/** Who is in a subscription's channel, by session. Rejects with `ERR_REPLY` when that is not known or not for this client. */
export async function presence(
  subscription: ChannelCaller,
  options?: CallOptions,
): Promise<ReadonlyMap<string, ClientInfo>> {
  return new Map(Object.entries((await subscription.call('presence', {}, options)).presence))
}

/** How many sessions and users are in a subscription's channel. */
export async function presenceStats(subscription: ChannelCaller, options?: CallOptions): Promise<PresenceStats> {
  const { num_clients: clients, num_users: users } = await subscription.call('presence_stats', {}, options)
  return { clients, users }
}
