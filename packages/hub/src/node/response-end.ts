import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

const waiting = new WeakMap<Socket, Set<() => void>>()

/**
 * Calls `run` once when a response is over: sent, or lost with its connection. Node tells only the response whose turn
 * on the connection it is; those of requests that were pipelined behind it hear nothing of its end.
 */
export function whenOver(response: ServerResponse, run: () => void): void {
  const { socket } = response.req
  const ends = waiting.get(socket) ?? watch(socket)
  const over = (): void => {
    if (ends.delete(over)) run()
  }
  ends.add(over)
  response.once('close', over)
  if (socket.destroyed) over()
}

/** One listener on the socket, however many responses it carries. */
function watch(socket: Socket): Set<() => void> {
  const ends = new Set<() => void>()
  waiting.set(socket, ends)
  socket.once('close', () => {
    for (const over of [...ends]) over()
  })
  return ends
}
