import type { CloseReason } from '../reason/close-reason.ts'
import type { BoardMessage, TabMessage } from '../share/tab-port.ts'

/** How a tab reaches a switchboard that others use, too. */
export type Way = (name: string, sink: WaySink) => WayEnd

/** Who hears what comes of it. */
interface WaySink {
  /** There is somebody. */
  ready(): void
  receive(message: BoardMessage): void
  /** It does not work here: another way may. */
  failed(): void
  /** Who had the switchboard is gone. */
  lost(reason: CloseReason): void
}

/** One that was gone. */
export interface WayEnd {
  /** Says something. Nothing is said before it is ready. */
  post(message: TabMessage): void
  close(): void
}
