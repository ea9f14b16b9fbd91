import { resolveOptions } from '../resolve-options.ts'
import type { Transport } from '../transport/transport.ts'
import { followPolls } from './follow-polls.ts'
import type { HttpTransportOptions } from './http-options.ts'
import { httpTransport } from './http-transport.ts'

export type { HttpTransportOptions } from './http-options.ts'

/** How polls are made that wait. */
export interface LongPollTransportOptions extends HttpTransportOptions {
  /** How long the hub may keep a poll that it has nothing for, in seconds. Default 20: less than proxies wait. */
  readonly waitSeconds?: number
}

const DEFAULTS = { waitSeconds: 20 } as const

/** Packets as answers to polls, each kept until there is something. Throws `ClientError` `ERR_OPTION` for a number that is none. */
export function longPoll(options: LongPollTransportOptions = {}): Transport {
  const resolved = resolveOptions(DEFAULTS, options)
  const { waitSeconds } = resolved
  return httpTransport('long-poll', resolved, (line) => followPolls(line, waitSeconds, 0))
}
