import { EventEmitter } from 'node:events'
import http, { type Server as HttpServer } from 'node:http'
import type { QuickUpgrade } from '@wigwag/socket/core'
import { BareDoor, type BareSocket } from '@wigwag/socket/driver'

/** Who takes upgrades that no HTTP server has seen. */
interface FrontDoorOwner {
  /** Whether it takes any now. */
  isOpen(): boolean
  /** Whether it takes this one. */
  serves(head: QuickUpgrade): boolean
  upgrade(head: QuickUpgrade, socket: BareSocket): void
}

/**
 * Has a listening HTTP server of our own give us connections before it has made anything of them, as long as nobody would
 * see the difference: programs find it as `_server`, and may listen to it or replace what it does.
 */
export function openFrontDoor(server: HttpServer, owner: FrontDoorOwner): void {
  const isOpen = (): boolean => owner.isOpen() && isUnwatched(server)
  BareDoor.open(server, {
    counts: true,
    get handshakeTimeoutMs() {
      return server.headersTimeout || server.requestTimeout || Infinity
    },
    maxHeaderBytes: http.maxHeaderSize,
    takes: isOpen,
    serves: (head) => isOpen() && owner.serves(head),
    upgrade: (head, socket) => owner.upgrade(head, socket),
  })
}

/** Node's own listener, and that of the door. */
const CONNECTION_LISTENERS = 2

/** Whether nobody has put something between an HTTP server of ours, which has a door, and us. */
function isUnwatched(server: HttpServer): boolean {
  return (
    server.emit === EventEmitter.prototype.emit &&
    server.listenerCount('connection') === CONNECTION_LISTENERS &&
    server.listenerCount('upgrade') === 1 &&
    server.listenerCount('clientError') === 0 &&
    !server.maxConnections
  )
}
