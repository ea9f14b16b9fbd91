import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

const waitingOn = new WeakMap<Socket, Set<() => void>>()

/**
 * Calls `ended` once: when the request has been answered whole, or when its connection is gone. Node does not tell a
 * response of the latter while it waits behind another one on the same connection (pipelining).
 */
export function onRequestEnd(incoming: IncomingMessage, response: ServerResponse, ended: () => void): void {
  const waiting = waitingSet(incoming.socket)
  const end = (): void => {
    response.off('close', end)
    if (waiting.delete(end)) ended()
  }
  waiting.add(end)
  response.once('close', end)
  if (incoming.socket.closed) end()
}

/** One listener for all requests of a connection: Node warns of more than ten. */
function waitingSet(socket: Socket): Set<() => void> {
  const known = waitingOn.get(socket)
  if (known !== undefined) return known
  const waiting = new Set<() => void>()
  waitingOn.set(socket, waiting)
  socket.once('close', () => {
    for (const end of [...waiting]) end()
  })
  return waiting
}
