import { Client, type ClientOptions, webSocket } from '@wigwag/client'
import { httpStream } from '@wigwag/client/http-stream'
import { longPoll } from '@wigwag/client/long-poll'
import { poll } from '@wigwag/client/poll'
import { sse } from '@wigwag/client/sse'

/** A client of the hub that served this page, below whatever path; it finds a way where WebSocket is blocked. */
export function hubClient(options: ClientOptions = {}): Client {
  return new Client('./', { transports: [webSocket(), httpStream(), sse(), longPoll(), poll()], ...options })
}
