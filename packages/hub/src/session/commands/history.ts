import type { HistoryRequest } from '@wigwag/protocol'
import type { History } from '../../broker/broker.ts'
import { isEpoch } from '../../publication/position.ts'
import type { CommandReply } from '../command-reply.ts'
import { findChannel } from '../find-channel.ts'
import { decide } from '../permissions.ts'
import { publicationPacket } from '../publication-packets.ts'
import { NOT_AVAILABLE, UNRECOVERABLE } from '../refusal-answers.ts'
import type { Session } from '../session.ts'
import type { SessionContext } from '../session-context.ts'

/** Reads a channel's history. A position that the stream has never had, or does not reach back to, is error 112. */
export async function history(
  session: Session,
  context: SessionContext,
  request: HistoryRequest,
  reply: CommandReply<'history'>,
): Promise<void> {
  const { channel, since } = request
  const found = findChannel(context, channel)
  if (!found.ok) return reply.refuse(found.answer)
  const isSubscribed = session.subscriptions.isLive(channel)
  const decision = await decide(session, found.value, found.value.namespace.readHistory, isSubscribed)
  if (!decision.ok) return reply.refuse(decision.answer)
  if (since !== undefined && since.epoch !== '' && !isEpoch(since.epoch)) return reply.refuse(UNRECOVERABLE)
  const { position, publications, gap } = await read(context, request)
  if (position === undefined) return reply.refuse(NOT_AVAILABLE)
  if (gap !== undefined) return reply.refuse(UNRECOVERABLE)
  reply.succeed({
    epoch: position.epoch,
    offset: position.offset,
    ...(publications.length > 0 && {
      publications: publications.map((each) => publicationPacket(each, context.ports.toBase64)),
    }),
  })
}

async function read({ channels, options }: SessionContext, request: HistoryRequest): Promise<History> {
  const { channel, since, limit = 0, reverse = false } = request
  const most = options.maxRecoveredPublications
  const range = { limit: limit === -1 ? most : Math.min(limit, most), reverse }
  // Without an epoch it is meant of the stream as it is.
  if (since === undefined) return channels.history(channel, undefined, range)
  const epoch = since.epoch || (await channels.history(channel)).position?.epoch
  return channels.history(channel, epoch === undefined ? undefined : { epoch, offset: since.offset }, range)
}
