import { HubError } from '../error/hub-error.ts'
import type { JsonValue, PublicationData } from './publication.ts'
import { utf8Bytes } from './utf8-bytes.ts'

/** Bytes of UTF-8, or of the bytes themselves. Throws `HubError` `ERR_PUBLICATION_DATA` for what JSON cannot say. */
export function dataSize(data: PublicationData): number {
  if (data instanceof Uint8Array) return data.length
  return utf8Bytes(typeof data === 'string' ? data : encodeJson(data))
}

function encodeJson(data: JsonValue): string {
  let text: string | undefined
  let why = ''
  try {
    text = JSON.stringify(data)
  } catch (error) {
    why = ` (${(error as Error).message.split('\n', 1)[0]})`
  }
  if (text !== undefined) return text
  const what = `Only JSON values, strings and bytes (Uint8Array) can be published${why}.`
  throw new HubError('ERR_PUBLICATION_DATA', what)
}
