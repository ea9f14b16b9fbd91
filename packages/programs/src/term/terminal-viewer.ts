import type { CloseInfo, NodeWebSocket } from '@wigwag/socket'
import type { OutputLog } from './output-log.ts'
import { outputMessage } from './tty-message.ts'

/** Most output in one message: large enough to be cheap, small enough to be interrupted by a pause. */
const MAX_OUTPUT_BYTES = 64 * 1024

/** Somebody who looks at a session: how far they are in its output, and whether they have room for more. */
export class TerminalViewer {
  readonly #socket: NodeWebSocket<unknown>
  /** Whether it knows of messages that ttyd has not. */
  readonly isOurs: boolean
  readonly mayWrite: boolean
  #position = 0
  #isPaused = false
  #isBackedUp = false
  #goodbye: CloseInfo | undefined
  #skippedBytes = 0

  constructor(socket: NodeWebSocket<unknown>, isOurs: boolean, mayWrite: boolean) {
    this.#socket = socket
    this.isOurs = isOurs
    this.mayWrite = mayWrite
  }

  /** The offset of the next byte that it has not been sent. */
  get position(): number {
    return this.#position
  }

  /** How much it was too slow for. */
  get skippedBytes(): number {
    return this.#skippedBytes
  }

  send(message: Uint8Array): void {
    this.#socket.send(message)
  }

  /** Puts it at an offset of the log. */
  moveTo(position: number): void {
    this.#position = position
  }

  /** It asks for a pause, or has had enough of it. */
  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused
  }

  /** What was sent to it has left. */
  drained(): void {
    this.#isBackedUp = false
  }

  /** Its socket has no room for input's way: the program reads slowly. */
  holdInput(): void {
    this.#socket.pause()
  }

  releaseInput(): void {
    this.#socket.resume()
  }

  /** Nothing follows what is in the log: says goodbye behind it. */
  closeBehind(close: CloseInfo): void {
    this.#goodbye = close
  }

  close({ code, reason }: CloseInfo): void {
    this.#socket.close(code, reason)
  }

  /** Sends as much as there is and there is room for. */
  pump(log: OutputLog, resync: (viewer: TerminalViewer) => void): void {
    while (!this.#isPaused && !this.#isBackedUp && this.#socket.phase === 'open') {
      if (this.#position < log.start) {
        this.#skippedBytes += log.start - this.#position
        resync(this)
      }
      const length = Math.min(log.end - this.#position, MAX_OUTPUT_BYTES)
      if (length <= 0) break
      const message = outputMessage(length)
      log.copy(this.#position, message, 1)
      this.#position += length
      this.#isBackedUp = this.#socket.send(message) === 'queued'
    }
    if (this.#goodbye !== undefined && this.#position === log.end) this.close(this.#goodbye)
  }
}
