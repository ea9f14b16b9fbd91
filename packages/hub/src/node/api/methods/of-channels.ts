import { ErrorCode } from '@wigwag/protocol'
import * as v from 'valibot'
import { isEpoch } from '../../../publication/position.ts'
import { publicationPacket } from '../../../session/publication-packets.ts'
import { ApiError } from '../api-error.ts'
import { channel, clientInfo, count, flag, json, position, tags, text, texts } from '../api-fields.ts'
import { type ApiMethod, apiMethod } from '../api-method.ts'

const ofChannel = v.object({ channel })
const LIMIT = 'must be a whole number: the most publications, 0 for none, -1 for all'

const presence = apiMethod(
  'Who is in a channel.',
  ofChannel,
  v.object({ presence: v.record(text, clientInfo) }),
  async ({ hub }, request) => ({ presence: Object.fromEntries(await hub.presence(request.channel)) }),
)

const presenceStats = apiMethod(
  'How many are in a channel.',
  ofChannel,
  v.object({ num_clients: count, num_users: count }),
  async ({ hub }, request) => {
    const { clients, users } = await hub.presenceStats(request.channel)
    return { num_clients: clients, num_users: users }
  },
)

const history = apiMethod(
  'Reads the history of a channel: from its beginning, or from behind "since"; with "reverse" from its end, or back from "since".',
  v.object({
    channel,
    limit: v.optional(v.pipe(v.number(LIMIT), v.integer(LIMIT), v.minValue(-1, LIMIT)), 0),
    since: v.optional(position),
    reverse: v.optional(flag, false),
  }),
  v.object({
    publications: v.array(
      v.object({
        data: json,
        offset: v.exactOptional(count),
        info: v.exactOptional(clientInfo),
        tags: v.exactOptional(tags),
        time: v.exactOptional(count),
      }),
    ),
    epoch: text,
    offset: count,
  }),
  async ({ hub }, { channel: name, limit, since, reverse }) => {
    hub.assertServable(name)
    const range = { reverse, ...(limit >= 0 && { limit }) }
    const epoch = since?.epoch || (since && (await hub.history(name)).position?.epoch)
    if (epoch !== undefined && !isEpoch(epoch)) throw UNRECOVERABLE
    const from = since === undefined || epoch === undefined ? undefined : { epoch, offset: since.offset }
    const { position: end, publications, gap } = await hub.history(name, from, range)
    if (end === undefined) throw new ApiError(ErrorCode.notAvailable, `${JSON.stringify(name)} keeps no history`)
    if (gap !== undefined) throw UNRECOVERABLE
    return {
      publications: publications.map((each) => publicationPacket(each, toBase64)),
      epoch: end.epoch,
      offset: end.offset,
    }
  },
)

const historyRemove = apiMethod(
  'Lets go of the history of a channel; its position stays.',
  ofChannel,
  v.object({}),
  async ({ hub }, request) => {
    hub.assertServable(request.channel)
    await hub.removeHistory(request.channel)
    return {}
  },
)

const channels = apiMethod(
  'Lists the channels that somebody is subscribed to; with "pattern" those whose names it fits ("*": any text, "?": one character).',
  v.object({ pattern: v.optional(text) }),
  v.object({
    channels: v.record(text, v.object({ num_clients: count })),
    missing: v.exactOptional(texts),
    incomplete: v.exactOptional(flag),
  }),
  async ({ hub }, { pattern }) => {
    const { items, missing, isComplete } = await hub.channels(pattern === '' ? undefined : pattern)
    return {
      channels: Object.fromEntries([...items].map(([name, clients]) => [name, { num_clients: clients }])),
      ...(missing.length > 0 && { missing: missing.map(({ id }) => id) }),
      ...(!isComplete && { incomplete: true }),
    }
  },
)

const UNRECOVERABLE = new ApiError(
  ErrorCode.unrecoverablePosition,
  'unrecoverable position: what is behind "since" is not all there any more',
)

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** What can be asked of channels. */
export const channelMethods: Readonly<Record<string, ApiMethod>> = {
  presence,
  presence_stats: presenceStats,
  history,
  history_remove: historyRemove,
  channels,
}
