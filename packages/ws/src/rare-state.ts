import type { ClientRequest } from 'node:http'
import type { CloseOutcome } from '@wigwag/socket/core'
import type { ClientUpgrade } from './client-upgrade.ts'
import type { ConnectionReceiver } from './connection-receiver.ts'
import type { ConnectionSender } from './connection-sender.ts'
import type { SendQueue } from './send-queue.ts'

/** What a WebSocket knows that few sockets of a server do as long as they are open. It is made when there is something to know. */
export class RareState {
  /** The client's. */
  url: string | undefined
  /** The request of a client that is not answered yet. */
  request: ClientRequest | null = null
  upgrade: ClientUpgrade | undefined
  sender: ConnectionSender | undefined
  receiver: ConnectionReceiver | undefined
  queue: SendQueue | undefined
  /** A message is being sent in fragments. */
  fragmenting = false
  /** What was sent when nothing could be sent any more, in bytes. */
  unsentBytes = 0
  /** Answers to pings that have not been written. */
  pendingPongs = 0
  /** Events that wait for a turn of their own (`allowSynchronousEvents: false`). */
  deferred = 0
  /** How the connection ended. */
  outcome: CloseOutcome | undefined
}

/** A WebSocket that may have one. */
export interface RareStateOwner {
  _rare: RareState | undefined
}

/** That of a socket, made if it has none. */
export function rareStateOf(owner: RareStateOwner): RareState {
  owner._rare ??= new RareState()
  return owner._rare
}
