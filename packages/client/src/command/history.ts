import type { HistoryRequest } from '@wigwag/protocol'
import type { CallOptions } from '../cancellable.ts'
import { type Publication, publicationOf } from '../publication/publication.ts'
import type { Position } from '../state/position.ts'
import type { ChannelCaller } from './channel-caller.ts'

/** Which publications of a channel's history are wanted. */
export interface HistoryOptions {
  /** Most publications (count): -1 is as many as there may be, 0 none but where the stream stands. Default -1. */
  readonly limit?: number
  /** Those behind it, or before it with `reverse`. */
  readonly since?: Position
  /** Newest first. Default false. */
  readonly reverse?: boolean
}

/** A channel's history, or a part of it. */
export interface ChannelHistory<Data> {
  readonly publications: readonly Publication<Data>[]
  /** Where the stream stands. */
  readonly position: Position
}

/** What the history of a subscription's channel has. */
export async function history<Data>(
  subscription: ChannelCaller,
  { limit = -1, since, reverse = false, ...options }: HistoryOptions & CallOptions = {},
): Promise<ChannelHistory<Data>> {
  const request: Omit<HistoryRequest, 'channel'> = { limit, ...(since && { since }), ...(reverse && { reverse }) }
  const { publications = [], offset, epoch } = await subscription.call('history', request, options)
  return {
    publications: publications.map((packet) => publicationOf<Data>(subscription.channel, packet)),
    position: { offset, epoch },
  }
}
