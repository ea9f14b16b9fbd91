import { Client, type ClientOptions, webSocket } from '@wigwag/client'
import { httpStream } from '@wigwag/client/http-stream'
import { longPoll } from '@wigwag/client/long-poll'
import { poll } from '@wigwag/client/poll'
import { sse } from '@wigwag/client/sse'

/** Pages are looked at: after a longer restart they are soon back on what is best, in milliseconds. */
const MOVE_UP_DELAY_MS = 5000

/** A client of the hub that served this page, below whatever path; it finds a way where WebSocket is blocked. */
export function hubClient(options: ClientOptions = {}): Client {
  const transports = [webSocket(), httpStream(), sse(), longPoll(), poll()]
  return new Client('./', { transports, moveUpDelayMs: MOVE_UP_DELAY_MS, ...options })
}
