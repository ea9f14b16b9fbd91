import type { ClientInfo, Json } from '@wigwag/protocol'
import { ErrorCode } from '@wigwag/protocol'
import * as v from 'valibot'
import type { PublicationData } from '../../publication/publication.ts'
import type { SessionTarget } from '../../session/session-action.ts'
import { ApiError } from './api-error.ts'

type Optional<Schema extends v.GenericSchema> = v.OptionalSchema<Schema, undefined>

// What fields take. A message says what a field must be; the name is put in front of it.
export const text: v.StringSchema<string> = v.string('must be text')
export const channel: v.StringSchema<string> = v.string("must be text: the channel's name")
export const flag: v.BooleanSchema<string> = v.boolean('must be true or false')
export const json: v.GenericSchema<Json> = v.any()
const MUST_BE_COUNT = 'must be a whole number from 0 up'
export const count: v.GenericSchema<number> = v.pipe(
  v.number(MUST_BE_COUNT),
  v.safeInteger(MUST_BE_COUNT),
  v.minValue(0, MUST_BE_COUNT),
)
export const base64: v.GenericSchema<string> = v.pipe(
  v.string('must be text: bytes as base64'),
  v.check(isBase64, 'must be text: bytes as base64'),
)
const MUST_BE_TAGS = 'must be an object of text by name'
export const tags: v.GenericSchema<Record<string, string>> = v.record(
  v.string(),
  v.string('must be text'),
  MUST_BE_TAGS,
)
export const texts: v.GenericSchema<string[]> = v.array(text, 'must be a list of text')

/** What goes along with a publication, of `publish` and of `broadcast`. */
export const PUBLICATION_FIELDS: {
  readonly data: Optional<typeof json>
  readonly b64data: Optional<typeof base64>
  readonly skip_history: Optional<typeof flag>
  readonly tags: Optional<typeof tags>
  readonly idempotency_key: Optional<typeof text>
} = {
  data: v.optional(json),
  b64data: v.optional(base64),
  skip_history: v.optional(flag),
  tags: v.optional(tags),
  idempotency_key: v.optional(text),
}

/** Which sessions are meant. */
export const TARGET_FIELDS: { readonly user: Optional<typeof text>; readonly client: Optional<typeof text> } = {
  user: v.optional(text),
  client: v.optional(text),
}

/** A place in a stream. */
export const position: v.GenericSchema<{ offset: number; epoch: string }> = v.object(
  { offset: count, epoch: text },
  'must be a position: an object with offset and epoch',
)

export const clientInfo: v.GenericSchema<ClientInfo> = v.object({
  user: text,
  client: text,
  conn_info: v.exactOptional(json),
  chan_info: v.exactOptional(json),
})

/** What is to be published: JSON, or bytes. Throws `ApiError` 107 when there is nothing. */
export function dataOf({
  data,
  b64data,
}: {
  readonly data?: Json | undefined
  readonly b64data?: string | undefined
}): PublicationData {
  if (b64data !== undefined && b64data !== '') return new Uint8Array(Buffer.from(b64data, 'base64'))
  if (data !== undefined) return data
  throw new ApiError(ErrorCode.badRequest, '"data" is missing: it must be any JSON, or "b64data" bytes as base64')
}

/** Whom a call is about. Throws `ApiError` 107 when it does not say. */
export function targetOf(given: {
  readonly user?: string | undefined
  readonly client?: string | undefined
}): SessionTarget {
  // What is empty is left out: servers that write these requests from Protobuf's types send it so.
  const { user = '', client = '' } = given
  if (client !== '') return user === '' ? { client } : { client, user }
  if (user !== '') return { user }
  throw new ApiError(
    ErrorCode.badRequest,
    '"user" is missing: it must be text, the user\'s id; or "client", the session\'s',
  )
}

/** Seconds since 1970 as milliseconds; 0 stands for never. */
export function expiryOf(expireAt: number | undefined): number | undefined {
  return expireAt === undefined || expireAt === 0 ? undefined : expireAt * 1000
}

/** With padding or without. */
function isBase64(text: string): boolean {
  const [, digits = '', padding = ''] = /^([A-Za-z\d+/]*)(={0,2})$/.exec(text) ?? [text]
  const left = digits.length % 4
  return left !== 1 && (padding === '' ? digits.length === text.length : padding.length === 4 - left)
}
