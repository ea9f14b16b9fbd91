import type { NodeWebSocket, SocketHandlers } from '@wigwag/socket'
import type { SubjectApplication, SubjectOutcome } from '../judge/line.ts'

/** Whoever has a socket of ours; it stops reading as long as its peer does not read the echoes. */
export class EchoApplication implements SubjectApplication {
  #socket: NodeWebSocket<unknown> | undefined
  outcome: SubjectOutcome | undefined
  refused = false
  /** Set by whoever waits for something. */
  changed: () => void = () => {}

  get open(): boolean {
    return this.#socket !== undefined
  }

  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0
  }

  close(code: number | undefined, reason: string): void {
    this.#socket?.close(code, reason)
  }

  send(data: string | Uint8Array): void {
    this.#socket?.send(data)
  }

  opened(socket: NodeWebSocket<unknown>): void {
    this.#socket = socket
    this.changed()
  }

  closed(outcome: SubjectOutcome): void {
    this.outcome = outcome
    this.changed()
  }

  refuse(): void {
    this.refused = true
    this.changed()
  }

  drop(): void {
    this.#socket?.terminate()
  }
}

/** Handlers that echo, and tell the application that a socket belongs to. */
export function echoHandlers<Data>(
  applicationOf: (socket: NodeWebSocket<Data>) => EchoApplication | undefined,
): SocketHandlers<NodeWebSocket<Data>> {
  return {
    open: (socket) => applicationOf(socket)?.opened(socket as NodeWebSocket<unknown>),
    message: (socket, data) => {
      if (socket.send(data) === 'queued') socket.pause()
    },
    drain: (socket) => socket.resume(),
    close: (socket, outcome) => applicationOf(socket)?.closed(outcome),
  }
}
