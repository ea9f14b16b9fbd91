import type { OpenPort } from './port-line.ts'
import type { Switchboard } from './switchboard.ts'

/** A way to a switchboard in the same page. What is said arrives a little later, in order. */
export function ownPort(board: Switchboard): OpenPort {
  return (_greeting, sink) => {
    let isOver = false
    const end = board.attach((message) => {
      queueMicrotask(() => {
        if (!isOver) sink.receive(message)
      })
    })
    return {
      post: (message) => queueMicrotask(() => end.receive(message)),
      close: () => {
        isOver = true
      },
    }
  }
}
