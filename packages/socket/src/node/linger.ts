import type { Sleeper } from './deadline-wheel.ts'
import type { DriverSocket } from './driver-socket.ts'
import { wheel } from './socket-driver.ts'

/**
 * Drops `socket`, to which we have said our last word, when the peer has not closed it within `timeoutMs`, whatever it
 * sends or reads meanwhile: nobody else looks after it any more.
 */
export function lingerAtMost(socket: DriverSocket, timeoutMs: number): void {
  if (socket.closed) return
  const sleeper: Sleeper = {
    deadlineMs: wheel.refresh() + timeoutMs,
    wheelSlot: -1,
    wake: () => {
      socket.destroy()
    },
  }
  wheel.add(sleeper)
  socket.once('close', () => wheel.remove(sleeper))
}
