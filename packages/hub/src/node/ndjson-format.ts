import { encodeGapLine, encodeLiveLine } from '../publication/publication-line.ts'
import { encodeLine } from './encode-line.ts'
import type { StreamFormat } from './stream-format.ts'

/**
 * A stream of lines, each a JSON object: the messages of `wigwag.publication.v1`, and what an event stream says besides.
 * Every line is one, also where there is nothing to say: not every reader passes over an empty one.
 */
export const ndjsonFormat: StreamFormat = {
  contentType: 'application/x-ndjson',
  codec: { encode: (publication) => Buffer.from(`${encodeLine(publication)}\n`) },
  keepAlive: '{}\n',
  encodeRetry: (retryMs) => `${JSON.stringify({ retry: retryMs })}\n`,
  encodeGap: (gap) => `${encodeGapLine(gap)}\n`,
  encodeLive: (position, recovered) => `${encodeLiveLine(position, recovered)}\n`,
  encodeFailure: (failure) => `${JSON.stringify({ failure })}\n`,
}
