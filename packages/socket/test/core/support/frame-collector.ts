import {
  type FrameConsumer,
  FrameParser,
  type FrameRules,
  type ProtocolError,
  portableBytes,
} from '@wigwag/socket/core'
import { concatBytes } from '@wigwag/socket/testing'

/** A frame as the parser told it, its payload put together. */
export interface CollectedFrame {
  readonly opcode: number
  readonly fin: boolean
  readonly reservedBits: number
  readonly payload: Uint8Array
}

/** Stands behind a frame parser and remembers what it is told. */
export class FrameCollector implements FrameConsumer {
  readonly frames: CollectedFrame[] = []
  readonly headers: number[] = []
  readonly faults: ProtocolError[] = []
  /** What `ascii` was with each call of `payload`. */
  readonly ascii: boolean[] = []
  /** Given back for the next header. */
  refuseWith: ProtocolError | undefined
  /** Whether `payload` and `whole` say to go on. */
  goOn = true
  /** Whether whole messages are taken in one step. */
  takesWholeMessages = true
  #header = { opcode: 0, fin: false, reservedBits: 0 }
  #parts: Uint8Array[] = []

  frame(opcode: number, fin: boolean, reservedBits: number, payloadBytes: number): ProtocolError | undefined {
    this.headers.push(payloadBytes)
    this.#header = { opcode, fin, reservedBits }
    return this.refuseWith
  }

  payload(chunk: Uint8Array, start: number, end: number, last: boolean, ascii: boolean): boolean {
    this.#parts.push(chunk.slice(start, end))
    this.ascii.push(ascii)
    if (last) {
      this.frames.push({ ...this.#header, payload: concatBytes(...this.#parts) })
      this.#parts = []
    }
    return this.goOn
  }

  takesWhole(): boolean {
    return this.takesWholeMessages && this.refuseWith === undefined
  }

  whole(opcode: number, chunk: Uint8Array, start: number, end: number, ascii: boolean): boolean {
    this.frame(opcode, true, 0, end - start)
    return this.payload(chunk, start, end, true, ascii)
  }

  fault(error: ProtocolError): void {
    this.faults.push(error)
  }
}

/** A parser with its collector. */
export function openParser(rules: Partial<FrameRules> = {}): { parser: FrameParser; told: FrameCollector } {
  const told = new FrameCollector()
  const whole: FrameRules = { role: 'client', maxFrameBytes: 2 ** 40, reservedBits: 0, ...rules }
  return { parser: new FrameParser(whole, portableBytes, told), told }
}
