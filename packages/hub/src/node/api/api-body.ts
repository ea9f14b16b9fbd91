import type { IncomingMessage } from 'node:http'
import { ErrorCode, nestsDeeper } from '@wigwag/protocol'
import { refuse } from '@wigwag/socket'
import { decodeUtf8, readBody } from '../request-body.ts'
import { ApiError } from './api-error.ts'

/** Deepest nesting of a request. */
const MAX_JSON_DEPTH = 256

/**
 * The text of a request: JSON, whether it says so or, as curl's, nothing of the kind. Throws a refusal with 415 for what
 * says that it is something else, 413 and 408 as `readBody`, and `ApiError` 107 for what is no UTF-8.
 */
export async function readJsonText(incoming: IncomingMessage, maxBytes: number, timeoutMs: number): Promise<string> {
  const { 'content-type': type = 'application/json', 'content-encoding': encoding = 'identity' } = incoming.headers
  const essence = type.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const isText = /^(application\/(x-www-form-urlencoded|([\w.-]+\+)?json)|text\/[\w.-]+)?$/.test(essence)
  if (!isText || encoding !== 'identity') {
    throw refuse(
      415,
      `A request is JSON (Content-Type: application/json), not compressed; this is ${shown(type, encoding)}.`,
    )
  }
  const body = await readBody(incoming, maxBytes, timeoutMs, (most) =>
    refuse(413, `The request is larger than ${most} bytes. Send less at once, or raise api.maxBodyBytes.`),
  )
  const text = decodeUtf8(body)
  if (text === undefined) throw new ApiError(ErrorCode.badRequest, 'the request must be JSON in UTF-8')
  return text
}

/** Reads a request; an empty one is an empty object. Throws `ApiError` 107. */
export function parseRequest(text: string): unknown {
  if (text.trim() === '') return {}
  if (nestsDeeper(text, MAX_JSON_DEPTH)) {
    throw new ApiError(ErrorCode.badRequest, `the request nests deeper than ${MAX_JSON_DEPTH}`)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ApiError(ErrorCode.badRequest, `the request must be JSON: ${(error as Error).message}`)
  }
}

/** A request of the older form: one command, however it is laid out, or one a line. */
export function parseCommands(text: string): unknown[] {
  try {
    return [parseRequest(text)]
  } catch (error) {
    const lines = text.split('\n').filter((line) => line.trim() !== '')
    if (lines.length < 2) throw error
    return lines.map(parseRequest)
  }
}

function shown(type: string, encoding: string): string {
  return encoding === 'identity'
    ? JSON.stringify(type.slice(0, 60))
    : `encoded as ${JSON.stringify(encoding.slice(0, 60))}`
}
