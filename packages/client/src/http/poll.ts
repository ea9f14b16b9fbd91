import { resolveOptions } from '../resolve-options.ts'
import type { Transport } from '../transport/transport.ts'
import { followPolls } from './follow-polls.ts'
import type { HttpTransportOptions } from './http-options.ts'
import { httpTransport } from './http-transport.ts'

export type { HttpTransportOptions } from './http-options.ts'

/** How polls are made that do not wait. */
export interface PollTransportOptions extends HttpTransportOptions {
  /** Between two polls, in milliseconds; what was sent has the next one made at once. Default 1000; hubs take up to 15,000. */
  readonly intervalMs?: number
}

const DEFAULTS = { intervalMs: 1000 } as const

/** Packets as answers to polls, one after the other with a pause. Throws `ClientError` `ERR_OPTION` for a number that is none. */
export function poll(options: PollTransportOptions = {}): Transport {
  const resolved = resolveOptions(DEFAULTS, options)
  const { intervalMs } = resolved
  return httpTransport('poll', resolved, (line) => followPolls(line, 0, intervalMs))
}
