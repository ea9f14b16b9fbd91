import type { CloseInfo, CloseOutcome, ConnectionSink, MessageType } from '../core/index.ts'
import { concatBytes, type ReadFrame, readFrames } from './frame-bytes.ts'

/** One call of a sink, as a value to compare. `write` is left out: see `RecordingSink.takeFrames`. */
export type SinkEvent =
  | { readonly type: 'message'; readonly data: string | Uint8Array; readonly messageType: MessageType }
  | { readonly type: 'ping' | 'pong'; readonly payload: Uint8Array }
  | { readonly type: 'closing'; readonly close: CloseInfo }
  | { readonly type: 'end' | 'destroy' }
  | { readonly type: 'closed'; readonly outcome: CloseOutcome }

/** A sink that remembers what it was told and keeps what it was given to write. */
export class RecordingSink implements ConnectionSink {
  /** Every call but `write`, in order. */
  readonly events: SinkEvent[] = []
  /** Counted as if the network took nothing; a test may set it. */
  bufferedAmount = 0
  /** Called behind each recorded event, for tests of re-entrancy. */
  onEvent: ((event: SinkEvent) => void) | undefined
  #written: Uint8Array[] = []

  message(data: string | Uint8Array, messageType: MessageType): void {
    this.#record({ type: 'message', data, messageType })
  }
  ping(payload: Uint8Array): void {
    this.#record({ type: 'ping', payload })
  }
  pong(payload: Uint8Array): void {
    this.#record({ type: 'pong', payload })
  }
  write(buffer: Uint8Array, start: number, end: number): void {
    this.#written.push(buffer.slice(start, end))
  }
  closing(close: CloseInfo): void {
    this.#record({ type: 'closing', close })
  }
  end(): void {
    this.#record({ type: 'end' })
  }
  destroy(): void {
    this.#record({ type: 'destroy' })
  }
  closed(outcome: CloseOutcome): void {
    this.#record({ type: 'closed', outcome })
  }

  /** The bytes written since the last take. */
  takeBytes(): Uint8Array {
    const bytes = concatBytes(...this.#written)
    this.#written = []
    return bytes
  }

  /** The frames written since the last take. */
  takeFrames(): ReadFrame[] {
    return readFrames(this.takeBytes())
  }

  /** The messages told so far. */
  get messages(): (string | Uint8Array)[] {
    return this.events.flatMap((event) => (event.type === 'message' ? [event.data] : []))
  }

  /** How it ended, once it has. */
  get outcome(): CloseOutcome | undefined {
    const last = this.events.at(-1)
    return last?.type === 'closed' ? last.outcome : undefined
  }

  #record(event: SinkEvent): void {
    this.events.push(event)
    this.onEvent?.(event)
  }
}
