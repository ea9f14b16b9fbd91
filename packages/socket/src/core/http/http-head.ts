import { CloseCode } from '../error/close-code.ts'
import { ProtocolError } from '../error/wigwag-error.ts'
import { HeaderFields, isToken, trimWhitespace } from './header-fields.ts'

/** The head of an HTTP request, as an opening handshake needs it (RFC 9112 §3). */
export interface RequestHead {
  readonly method: string
  /** The request-target as it was sent: origin-form or absolute-form. */
  readonly target: string
  /** `'1.1'`, say. */
  readonly httpVersion: string
  readonly headers: HeaderFields
}

/** The head of an HTTP response (RFC 9112 §4). */
export interface ResponseHead {
  readonly httpVersion: string
  readonly status: number
  readonly statusText: string
  readonly headers: HeaderFields
}

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) HTTP\/(\d\.\d)$/
const STATUS_LINE = /^HTTP\/(\d\.\d) (\d{3})(?: ([\t\x20-\x7e\x80-\xff]*))?$/

/** Parses a request head: the bytes before the empty line, one character per byte. */
export function parseRequestHead(text: string): RequestHead | ProtocolError {
  const { startLine, lines } = split(text)
  const match = REQUEST_LINE.exec(startLine)
  if (match === null) return malformed(`the request line is ${quote(startLine)}`)
  const headers = parseFields(lines)
  if (headers instanceof ProtocolError) return headers
  return { method: match[1] as string, target: match[2] as string, httpVersion: match[3] as string, headers }
}

/** Parses a response head: the bytes before the empty line, one character per byte. */
export function parseResponseHead(text: string): ResponseHead | ProtocolError {
  const { startLine, lines } = split(text)
  const match = STATUS_LINE.exec(startLine)
  if (match === null) return malformed(`the status line is ${quote(startLine)}`)
  const headers = parseFields(lines)
  if (headers instanceof ProtocolError) return headers
  return { httpVersion: match[1] as string, status: Number(match[2]), statusText: match[3] ?? '', headers }
}

function split(text: string): { startLine: string; lines: string[] } {
  const [startLine = '', ...lines] = text.split('\r\n')
  return { startLine, lines }
}

function parseFields(lines: readonly string[]): HeaderFields | ProtocolError {
  const headers = new HeaderFields()
  for (const line of lines) {
    if (line.startsWith(' ') || line.startsWith('\t')) return malformed(`the header line ${quote(line)} is folded`)
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0))
    if (!isToken(name)) return malformed(`the header line ${quote(line)} has no proper name`)
    const value = trimWhitespace(line.slice(colon + 1))
    if (!isFieldValue(value)) return malformed(`the value of ${name} has a control character`)
    headers.append(name, value)
  }
  return headers
}

/** RFC 9110 §5.5: a field value has no CR, LF, NUL or other control character but the tab. */
export function isFieldValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > 0xff) return false
  }
  return true
}

function malformed(what: string): ProtocolError {
  return new ProtocolError('ERR_HANDSHAKE_HEAD', `Received a malformed HTTP head: ${what}.`, CloseCode.protocolError)
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}

/** What `HeadCollector.push` found. */
export type CollectedHead =
  | { readonly step: 'more' }
  | { readonly step: 'head'; readonly text: string; readonly rest: Uint8Array }
  | { readonly step: 'failed'; readonly error: ProtocolError }

/** Collects an HTTP head from chunks of any boundaries, up to a limit, and gives back what came behind it. */
export class HeadCollector {
  readonly #maxHeaderBytes: number
  #text = ''

  constructor(maxHeaderBytes: number) {
    this.#maxHeaderBytes = maxHeaderBytes
  }

  /** Takes the next chunk. After `'head'` or `'failed'` the collector is done. */
  push(chunk: Uint8Array): CollectedHead {
    // Only as much becomes text as the limit allows, whatever the size of the chunk.
    const room = this.#maxHeaderBytes + 4 - this.#text.length
    const taken = chunk.subarray(0, room)
    const before = this.#text.length
    for (let i = 0; i < taken.length; i += 4096) this.#text += String.fromCharCode(...taken.subarray(i, i + 4096))
    const end = this.#text.indexOf('\r\n\r\n', Math.max(0, before - 3))
    if (end >= 0) {
      return { step: 'head', text: this.#text.slice(0, end), rest: chunk.subarray(end + 4 - before) }
    }
    if (this.#text.length < this.#maxHeaderBytes + 4) return { step: 'more' }
    return {
      step: 'failed',
      error: new ProtocolError(
        'ERR_HANDSHAKE_HEAD',
        `The HTTP head exceeds ${this.#maxHeaderBytes} bytes (maxHeaderBytes).`,
        CloseCode.protocolError,
      ),
    }
  }
}
