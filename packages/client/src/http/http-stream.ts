import { closeReason } from '../reason/close-reason.ts'
import type { Transport } from '../transport/transport.ts'
import type { HttpLine } from './http-line.ts'
import type { HttpTransportOptions } from './http-options.ts'
import { httpTransport } from './http-transport.ts'
import { lineSplitter } from './line-splitter.ts'
import { reasonOfResponse } from './reason-of-response.ts'

export type { HttpTransportOptions } from './http-options.ts'

/** Longest packet, in UTF-16 code units: a server that never ends its line is no hub. */
const MAX_PACKET_LENGTH = 64 * 1024 * 1024

/** Packets as lines of one answer that goes on. Throws `ClientError` `ERR_OPTION` for a number that is none. */
export function httpStream(options: HttpTransportOptions = {}): Transport {
  return httpTransport('http-stream', options, follow)
}

function follow(line: HttpLine): Promise<void> {
  const url = line.endpoint('connection/http_stream')
  return line.post(url, line.greeting(), (response) => read(line, response))
}

async function read(line: HttpLine, response: Response): Promise<void> {
  const { ok, body, headers } = response
  // What answers with a page is a portal, or whatever else stands between.
  const isPage = headers.get('content-type')?.startsWith('text/') ?? false
  if (!ok || body === null || isPage) return line.end(await reasonOfResponse(response, 'unreachable'))
  const reader = body.getReader()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const linesOf = lineSplitter(MAX_PACKET_LENGTH)
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return line.lost({ text: 'the stream has ended' })
    const text = linesOf(decoder.decode(value, { stream: true }))
    if (text === undefined) return line.end(closeReason('notAHub', { text: 'a line did not end' }))
    line.received(text)
  }
}
