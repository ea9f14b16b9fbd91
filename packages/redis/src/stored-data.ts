import type { JsonValue, PublicationData, PublicationDetails } from '@wigwag/hub'
import { isSessionInfo } from './session-info.ts'

const TEXT = 0x73 // s
const JSON_VALUE = 0x6a // j
const BYTES = 0x62 // b
const DETAILS = 0x6d // m
const COLON = 0x3a

/** What Redis holds of a publication: its data, and what goes along with that. */
export interface StoredData extends PublicationDetails {
  readonly data: PublicationData
}

/**
 * A publication as Redis holds it: a letter for the kind of its data, then the data itself. What goes along stands
 * before that: `m`, how many bytes it takes, a colon, and its JSON.
 */
export function encodeStoredData(data: PublicationData, { info, tags }: PublicationDetails = {}): string | Buffer {
  let details = ''
  if (info !== undefined || tags !== undefined) {
    const text = JSON.stringify({ info, tags })
    details = `m${Buffer.byteLength(text)}:${text}`
  }
  if (typeof data === 'string') return `${details}s${data}`
  if (!(data instanceof Uint8Array)) return `${details}j${JSON.stringify(data)}`
  return Buffer.concat([Buffer.from(`${details}b`), data])
}

/** Reads what `encodeStoredData` wrote. Throws for anything else. */
export function decodeStoredData(stored: Buffer): StoredData {
  if (stored[0] !== DETAILS) return { data: decodeData(stored) }
  const colon = stored.indexOf(COLON)
  const length = stored.toString('latin1', 1, Math.max(0, colon))
  if (!/^\d{1,9}$/.test(length)) throw notOurs()
  const end = colon + 1 + Number(length)
  if (end >= stored.length) throw notOurs()
  return { data: decodeData(stored.subarray(end)), ...decodeDetails(stored.toString('utf8', colon + 1, end)) }
}

function decodeData(stored: Buffer): PublicationData {
  switch (stored[0]) {
    case TEXT:
      return stored.toString('utf8', 1)
    case JSON_VALUE:
      return JSON.parse(stored.toString('utf8', 1)) as JsonValue
    case BYTES:
      // Of its own: what came with it from the network is larger, and must not be kept.
      return new Uint8Array(stored.subarray(1))
    default:
      throw notOurs()
  }
}

function decodeDetails(text: string): PublicationDetails {
  const details = JSON.parse(text) as unknown
  if (typeof details !== 'object' || details === null) throw notOurs()
  const { info, tags } = details as { readonly info?: unknown; readonly tags?: unknown }
  if (tags !== undefined && !isTags(tags)) throw notOurs()
  if (info !== undefined && !isSessionInfo(info)) throw notOurs()
  return { ...(info !== undefined && { info }), ...(tags !== undefined && { tags }) }
}

function isTags(value: unknown): value is Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).every((tag) => typeof tag === 'string')
}

function notOurs(): Error {
  return new Error('This was not stored by Wigwag.')
}
