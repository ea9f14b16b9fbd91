import type { Method, Requests } from '../packet/command.ts'
import { type Field, type FieldKind, REQUEST_FIELDS, SUBSCRIPTION_FIELDS } from './request-fields.ts'

/** A field is not what it must be. */
export class FieldFault {
  /** Which, and what it must be. */
  readonly message: string

  constructor(path: string, expected: string) {
    this.message = `"${path}" must be ${expected}`
  }
}

/** Reads a method's request out of parsed JSON: only the fields that it has, each of the kind that it must be. */
export function readRequest<M extends Method>(method: M, value: unknown): Requests[M] | FieldFault {
  const fields = REQUEST_FIELDS[method] as Readonly<Record<string, Field>>
  return readFields(fields, value, method) as Requests[M] | FieldFault
}

type Reader = (value: unknown, path: string) => unknown

function readFields(fields: Readonly<Record<string, Field>>, value: unknown, path: string): unknown {
  if (!isRecord(value)) return new FieldFault(path, 'an object')
  const request: Record<string, unknown> = {}
  for (const name in fields) {
    const { kind, required } = fields[name] as Field
    const given = Object.hasOwn(value, name) ? value[name] : undefined
    if (given === undefined || (given === null && kind !== 'json')) {
      if (required) return new FieldFault(`${path}.${name}`, EXPECTED[kind])
      continue
    }
    const read = READERS[kind](given, `${path}.${name}`)
    if (read instanceof FieldFault) return read
    request[name] = read
  }
  return request
}

const EXPECTED: Readonly<Record<FieldKind, string>> = {
  text: 'a string',
  flag: 'true or false',
  offset: `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`,
  limit: 'a whole number from -1 to 2147483647',
  json: 'given: any JSON value',
  texts: 'an object whose values are strings',
  since: 'an object with an offset and an epoch',
  subscriptions: 'an object of subscriptions by channel',
}

const READERS: Readonly<Record<FieldKind, Reader>> = {
  text: keepIf('text', (value) => typeof value === 'string'),
  flag: keepIf('flag', (value) => typeof value === 'boolean'),
  offset: keepIf('offset', isOffset),
  limit: keepIf(
    'limit',
    (value) => Number.isInteger(value) && (value as number) >= -1 && (value as number) <= 2 ** 31 - 1,
  ),
  json: (value) => value,
  texts: readTexts,
  since: readSince,
  subscriptions: readSubscriptions,
}

function keepIf(kind: FieldKind, fits: (value: unknown) => boolean): Reader {
  return (value, path) => (fits(value) ? value : new FieldFault(path, EXPECTED[kind]))
}

function readTexts(value: unknown, path: string): unknown {
  if (isRecord(value) && Object.values(value).every((text) => typeof text === 'string')) return value
  return new FieldFault(path, EXPECTED.texts)
}

function readSince(value: unknown, path: string): unknown {
  if (!isRecord(value)) return new FieldFault(path, EXPECTED.since)
  const { offset = 0, epoch = '' } = value
  if (!isOffset(offset)) return new FieldFault(`${path}.offset`, EXPECTED.offset)
  return typeof epoch === 'string' ? { offset, epoch } : new FieldFault(`${path}.epoch`, EXPECTED.text)
}

function readSubscriptions(value: unknown, path: string): unknown {
  if (!isRecord(value)) return new FieldFault(path, EXPECTED.subscriptions)
  // A channel may be called `__proto__`.
  const subscriptions: Record<string, unknown> = Object.create(null)
  for (const [channel, given] of Object.entries(value)) {
    const read = readFields(SUBSCRIPTION_FIELDS, given, `${path}.${channel}`)
    if (read instanceof FieldFault) return read
    subscriptions[channel] = read
  }
  return subscriptions
}

function isOffset(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Whether JSON's value is an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
