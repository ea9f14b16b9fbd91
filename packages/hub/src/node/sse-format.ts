import { encodeGapEvent, encodeLiveEvent, sseCodec } from './sse-codec.ts'
import type { StreamFormat } from './stream-format.ts'

/** A stream of server-sent events (HTML §9.2), as browsers' `EventSource` reads it. */
export const sseFormat: StreamFormat = {
  contentType: 'text/event-stream; charset=utf-8',
  codec: sseCodec,
  keepAlive: ': ping\n\n',
  encodeRetry: (retryMs) => `retry: ${retryMs}\n\n`,
  encodeGap: encodeGapEvent,
  encodeLive: encodeLiveEvent,
  // Not `error`: that is what a browser calls a lost connection.
  encodeFailure: (failure) => `event: failure\ndata: ${JSON.stringify(failure)}\n\n`,
}
