import type { Transport } from '../transport/transport.ts'
import type { HttpLine } from './http-line.ts'
import type { HttpTransportOptions } from './http-options.ts'
import { httpTransport } from './http-transport.ts'

export type { HttpTransportOptions } from './http-options.ts'

/** What is used of an `EventSource`: that of browsers, and of npm's `eventsource`. */
export interface EventSourceLike {
  onmessage: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  close(): void
}

/** How an event stream is opened. */
export interface SseTransportOptions extends HttpTransportOptions {
  /** The class. Default: the global one, which Node has not. */
  readonly EventSource?: new (
    url: string,
    init: { withCredentials: boolean },
  ) => EventSourceLike
}

/**
 * Packets as events. The connect command, with the token in it, stands in the URL, which servers and proxies may log. Throws
 * `ClientError` `ERR_OPTION` for a number that is none.
 */
export function sse(options: SseTransportOptions = {}): Transport {
  return httpTransport('sse', options, (line) =>
    follow(line, options.EventSource ?? globalThis.EventSource, options.credentials === 'include'),
  )
}

async function follow(
  line: HttpLine,
  Source: SseTransportOptions['EventSource'],
  withCredentials: boolean,
): Promise<void> {
  if (Source === undefined) throw new TypeError('There is no EventSource here: give one as an option.')
  const url = line.endpoint('connection/sse')
  // It takes the connect command alone.
  url.searchParams.set('cf_connect', line.greeting(0))
  const source = new Source(String(url), { withCredentials })
  line.signal.addEventListener('abort', () => source.close())
  source.onmessage = ({ data }: { data: unknown }) => line.received(String(data))
  // It would come back by itself, as another session.
  source.onerror = () => line.lost({ text: 'the event stream broke off, or did not begin' })
}
