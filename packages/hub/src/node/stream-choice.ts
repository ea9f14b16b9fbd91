import type { HeaderFields } from '@wigwag/socket/core'

/** Which kind of stream a request may ask for. */
export type StreamKind = 'sse' | 'ndjson'

/** A map: of an object a client could ask for what every object has. */
const KINDS: ReadonlyMap<string, StreamKind> = new Map([
  ['text/event-stream', 'sse'],
  ['application/x-ndjson', 'ndjson'],
  ['application/ndjson', 'ndjson'],
])

/** What `Accept` asks for: of the streams that it names the one that it would rather have, and none if it names none. */
export function chooseStream(headers: HeaderFields): StreamKind | undefined {
  let chosen: StreamKind | undefined
  let best = 0
  for (const range of headers.list('accept')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const kind = KINDS.get(type)
    const quality = qualityOf(parameters)
    if (kind === undefined || quality <= best) continue
    chosen = kind
    best = quality
  }
  return chosen
}

/** RFC 9110 §12.4.2: 1 unless it is said; 0 is "not acceptable". What is no number does not count. */
function qualityOf(parameters: readonly string[]): number {
  const weight = parameters.find((parameter) => parameter.startsWith('q='))
  return weight !== undefined && /^q=[01](?:\.\d{0,3})?$/.test(weight) ? Number(weight.slice(2)) : 1
}
