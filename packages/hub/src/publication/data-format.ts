import { HubError } from '../error/hub-error.ts'
import type { JsonValue, PublicationData } from './publication.ts'

/** What data becomes where only text or bytes can go: strings and bytes are themselves, other JSON values their JSON. */
export function encodePlain(data: PublicationData): string | Uint8Array {
  return typeof data === 'string' || data instanceof Uint8Array ? data : JSON.stringify(data)
}

/**
 * Reads a body as its media type says: `application/json` (or `+json`) is a JSON value; text, curl's form default and
 * no type at all a string; anything else bytes. `decodeText` returns nothing for bytes that are no UTF-8.
 * Throws `HubError` `ERR_PUBLICATION_DATA` when the body is not what its type says.
 */
export function decodeBody(
  body: Uint8Array,
  contentType: string | undefined,
  decodeText: (bytes: Uint8Array) => string | undefined,
): PublicationData {
  const type = (contentType ?? 'text/plain').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const isJson = type === 'application/json' || type.endsWith('+json')
  if (!isJson && !type.startsWith('text/') && type !== 'application/x-www-form-urlencoded') return body
  const text = decodeText(body)
  if (text === undefined) {
    throw new HubError(
      'ERR_PUBLICATION_DATA',
      `The body is ${type} but not UTF-8. Send bytes as application/octet-stream.`,
    )
  }
  return isJson ? parseJson(text) : text
}

/** Deepest nesting of a JSON value: more than anybody needs, far less than the stack of whoever writes it again. */
const MAX_JSON_DEPTH = 256

function parseJson(text: string): JsonValue {
  if (nestsDeeper(text, MAX_JSON_DEPTH)) {
    throw new HubError('ERR_PUBLICATION_DATA', `The JSON nests deeper than ${MAX_JSON_DEPTH}. Send a flatter value.`)
  }
  try {
    return JSON.parse(text) as JsonValue
  } catch (error) {
    const why = (error as Error).message
    throw new HubError(
      'ERR_PUBLICATION_DATA',
      `The body is application/json but no JSON: ${why}. Send text as text/plain.`,
    )
  }
}

/** Judged on the text: parsing takes any depth, but writing what was parsed goes as deep as the stack. */
function nestsDeeper(text: string, maxDepth: number): boolean {
  let depth = 0
  let isString = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (isString && character === '\\') i++
    else if (character === '"') isString = !isString
    else if (isString) continue
    else if (character === '[' || character === '{') {
      if (++depth > maxDepth) return true
    } else if (character === ']' || character === '}') depth--
  }
  return false
}
