import type { WigwagError } from '../error/wigwag-error.ts'
import type { CloseInfo } from '../frame/close-payload.ts'
import type { MessageType } from '../frame/message-type.ts'
import type { CloseOutcome } from './connection-state.ts'

/**
 * What a connection tells its driver. Methods are called directly and in order; they may call back into the
 * connection. Bytes of a message are the sink's to keep.
 */
export interface ConnectionSink {
  /**
   * One whole message. Text comes as a string, or as bytes with `textAs: 'bytes'`. With `bytesAs: 'borrowed'` bytes may be
   * overwritten when this returns.
   */
  message(data: string | Uint8Array, type: MessageType): void
  /** A ping came and was answered. */
  ping(payload: Uint8Array): void
  /** A pong came. */
  pong(payload: Uint8Array): void
  /**
   * Bytes to write, in order: `buffer[start, end)`. The range is not changed before the arena is recycled. With `more`, the rest of a frame
   * follows at once, and nothing may come between.
   */
  write(buffer: Uint8Array, start: number, end: number, more?: boolean): void
  /** Bytes accepted by `write` that the network has not taken yet. */
  readonly bufferedAmount: number
  /** The connection left the open phase: nothing more can be sent. `error` says why it failed, if it did. */
  closing(close: CloseInfo, error: WigwagError | undefined): void
  /** We will write no more: half-close the transport behind what was written. */
  end(): void
  /** Drop the transport now. */
  destroy(): void
  /** The last call: how it all ended. */
  closed(outcome: CloseOutcome): void
}
