import { type Json, nestsDeeper } from '@wigwag/protocol'
import { isChannelName } from '../../channel/channel-name.ts'
import type { RefusalAnswer } from '../../namespace/refuse.ts'
import { AnswerFault } from './answer-fault.ts'

/** An object of JSON, by its keys. */
export type Fields = Readonly<Record<string, unknown>>

/** What a back end answers. */
export type Answer = { readonly type: 'result'; readonly result: Fields } | RefusalAnswer

/** As deep as publications may nest. */
const MAX_DEPTH = 256
/** Latest time that can be meant, in seconds (ECMA-262 §21.4.1.1). */
const LATEST = 8.64e12

/**
 * Reads `{"result": {…}}`, `{"error": {…}}` or `{"disconnect": {…}}`; of several the strictest counts, and `null` is as
 * good as absent. Throws `AnswerFault` for everything else: an answer that says nothing lets nobody in.
 */
export function readAnswer(text: string): Answer {
  if (nestsDeeper(text, MAX_DEPTH)) throw new AnswerFault(`nests deeper than ${MAX_DEPTH}`)
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    throw new AnswerFault('is no JSON')
  }
  if (!isObject(answer)) throw new AnswerFault('is no JSON object')
  const [disconnect, error, result] = ['disconnect', 'error', 'result'].map((key) => ownValue(answer, key))
  if (disconnect !== undefined) return readDisconnect(disconnect)
  if (error !== undefined) return readError(error)
  if (result === undefined) throw new AnswerFault('has neither result nor error nor disconnect')
  if (!isObject(result))
    throw new AnswerFault('has a result that is no object: {} when there is nothing to say, never []')
  return { type: 'result', result }
}

/** A value that an object has of its own and that is not `null`. */
export function ownValue(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? (fields[key] ?? undefined) : undefined
}

/** `{ [name]: value }` with what JSON says under `key`; empty when that is nothing. */
export function said<Name extends string>(
  name: Name,
  fields: Fields,
  key: string = name,
): { readonly [K in Name]?: Json } {
  const value = ownValue(fields, key)
  return (value === undefined ? {} : { [name]: value }) as { readonly [K in Name]?: Json }
}

/** `expire_at`, in milliseconds; empty when there is no end. */
export function endOf(fields: Fields): { readonly expiresAt?: number } {
  const at = ownValue(fields, 'expire_at') ?? 0
  if (typeof at !== 'number' || !(at >= 0 && at <= LATEST)) {
    throw new AnswerFault('has an expire_at that is no time in seconds since 1970')
  }
  return at === 0 ? {} : { expiresAt: Math.ceil(at * 1000) }
}

/** Whether `expired` is set. */
export function isExpired(fields: Fields): boolean {
  const expired = ownValue(fields, 'expired') ?? false
  if (typeof expired !== 'boolean') throw new AnswerFault('has an expired that is neither true nor false')
  return expired
}

/** A list of channels. */
export function channelNames(names: readonly unknown[]): readonly string[] {
  if (names.every(isChannelName)) return names
  throw new AnswerFault('names something that cannot be a channel')
}

/** What limits a client and is not obeyed here must not be taken for a yes. */
export function assertObeyed(fields: Fields, unspoken: readonly string[]): void {
  const found = unspoken.find((key) => ownValue(fields, key) !== undefined && !UNSET.has(fields[key]))
  if (found !== undefined) throw new AnswerFault(`has ${found}, which is not spoken here`)
}

/** As back ends write what they do not mean. */
const UNSET = new Set<unknown>([false, 0, ''])

/** Whether a value is an object and no list. */
export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readError(error: unknown): Answer {
  const { code, message, temporary } = codeAndText(error, 'error', 'message', 100, 1999)
  return { type: 'error', code, message, temporary }
}

function readDisconnect(disconnect: unknown): Answer {
  const { code, message: reason } = codeAndText(disconnect, 'disconnect', 'reason', 3000, 4999)
  return { type: 'disconnect', disconnect: { code, reason } }
}

function codeAndText(
  given: unknown,
  name: string,
  textKey: string,
  lowest: number,
  highest: number,
): { code: number; message: string; temporary: boolean } {
  const fields = isObject(given) ? given : {}
  const code = ownValue(fields, 'code')
  const message = ownValue(fields, textKey) ?? ''
  const temporary = ownValue(fields, 'temporary') ?? false
  const isCode = typeof code === 'number' && Number.isInteger(code) && code >= lowest && code <= highest
  if (isCode && typeof message === 'string' && typeof temporary === 'boolean') return { code, message, temporary }
  throw new AnswerFault(`has no good ${name}: it must be {"code": ${lowest} to ${highest}, "${textKey}": text}`)
}
