import { HubError } from '@wigwag/hub'
import { latin1, must, unlessRefused } from '../../../../tools/fuzz/fuzz-target.ts'
import { retainedSize } from '../../src/broker/retained-size.ts'
import { pollCodec } from '../../src/node/poll-codec.ts'
import { decodeUtf8 } from '../../src/node/request-body.ts'
import { sseCodec } from '../../src/node/sse-codec.ts'
import { decodeBody } from '../../src/publication/data-format.ts'
import type { Publication, PublicationData } from '../../src/publication/publication.ts'
import { EventStreamReader } from '../support/event-stream.ts'

/** A body that is published, by the type in its first line, and what is made of it for those who listen. */
export function fuzz(input: Uint8Array): void {
  const lineEnd = input.indexOf(0x0a)
  const contentType = lineEnd < 0 ? undefined : latin1(input.subarray(0, lineEnd))
  const body = input.slice(lineEnd + 1)
  const data = unlessRefused(
    () => decodeBody(body, contentType, decodeUtf8),
    (error) => error instanceof HubError && error.code === 'ERR_PUBLICATION_DATA' && error.message.length < 1000,
  )
  if (data === undefined) return
  const size = retainedSize(data)
  must(
    Number.isSafeInteger(size) && size >= 0 && size <= 16 + body.length * 100,
    () => `it is counted as ${size} bytes`,
  )
  const publication: Publication = { channel: 'a', data, time: 5, position: { epoch: 'e', offset: 7 } }
  checkLine(publication)
  checkEvent(publication)
}

function checkLine({ data }: Publication): void {
  const line = pollCodec.encode({ channel: 'a', data, time: 5, position: undefined }).toString()
  must(!line.includes('\n'), 'a line has two')
  const { data: value, b64data } = JSON.parse(line) as { data?: unknown; b64data?: string }
  if (data instanceof Uint8Array) must(Buffer.from(b64data ?? '', 'base64').equals(data), 'bytes come otherwise')
  else must(JSON.stringify(value) === JSON.stringify(data), 'the value comes otherwise')
}

/** Whatever is published is one event: no text may end it early, or give it another name or id. */
function checkEvent(publication: Publication): void {
  const text = sseCodec.encode(publication).toString()
  // The reader takes LF alone for an end of line, browsers CR as well.
  must(!text.includes('\r'), 'a browser sees more lines')
  const reader = new EventStreamReader()
  reader.push(text)
  const [event, ...others] = reader.events
  must(event !== undefined && others.length === 0, () => `${reader.events.length} events come of one publication`)
  must(event.id === 'e:7', () => `its id is ${event.id}`)
  must(event.type === (publication.data instanceof Uint8Array ? 'bytes' : 'message'), () => `its type is ${event.type}`)
  must(event.data === plainOf(publication.data), 'its data is not what was published')
}

function plainOf(data: PublicationData): string {
  if (data instanceof Uint8Array) return Buffer.from(data).toString('base64')
  return typeof data === 'string' ? data.replace(/\r\n|\r/g, '\n') : JSON.stringify(data)
}

export const seeds: Record<string, string> = {
  text: 'text/plain\nhello',
  'no type': 'hello',
  'a form of curl': 'application/x-www-form-urlencoded\na=b',
  JSON: 'application/json\n{"a":[1,-2.5e3,null,true,"b\\u20ac"],"__proto__":{"c":1}}',
  'JSON of another name': 'Application/Vnd.Api+JSON; charset=utf-8\n[]',
  'JSON that is none': 'application/json\n{"a":',
  'JSON that nests deep': `application/json\n${'['.repeat(257)}`,
  'brackets in a string': 'application/json\n"[[{\\"\\\\"',
  'a number beyond all': 'application/json\n1e999',
  bytes: 'application/octet-stream\n\xff\0',
  'text that is not UTF-8': 'text/plain\n\xff',
  'text that looks like an event': 'text/plain\na\n\ndata: b\r\nevent: gap\rid: x',
  'a byte order mark': 'text/plain\n\ufeffa',
}

export const dictionary: string[] = [
  'application/json\n',
  'text/plain\n',
  'application/octet-stream\n',
  '+json',
  '\r\n',
  '\n\n',
  'data: ',
  'event: ',
  'id: ',
  ': ',
  '"__proto__":',
  '\\ud800',
  '\\"',
  '[[[[',
  '{"a":',
  'null',
  '1e400',
  '-0',
  '\u2028',
]
