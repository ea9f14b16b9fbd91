import type { Requests, Results } from '@wigwag/protocol'
import type { CallOptions } from '../cancellable.ts'

/** Commands about a channel that only ask. */
export type ChannelMethod = 'presence' | 'presence_stats' | 'history'

/** What has commands about its channel answered: a subscription. */
export interface ChannelCaller {
  readonly channel: string
  call<M extends ChannelMethod>(
    method: M,
    request: Omit<Requests[M], 'channel'>,
    options?: CallOptions,
  ): Promise<Results[M]>
}
