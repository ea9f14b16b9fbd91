import type { Role } from '@wigwag/socket/core'
import type { SubjectOptions } from '../judge/conformance-case.ts'
import type { SubjectApplication } from '../judge/line.ts'

/** Where a machine's bytes go. */
export interface MachineOutput {
  write(bytes: Uint8Array): void
  /** It will write no more. */
  end(): void
  /** It lets go of the stream. */
  destroy(): void
}

/** A subject without a network: an echo peer, opening handshake included, that is told bytes and time. */
export interface Machine {
  readonly application: SubjectApplication
  /** The stream is there; a client sends its request. */
  start(): void
  receive(chunk: Uint8Array): void
  /** The judge will send no more, or has dropped the stream. */
  receiveEnd(): void
  /** When it wants to be told the time, in milliseconds from its start; Infinity when never. */
  readonly deadlineMs: number
  tick(nowMs: number): void
}

/** Makes a machine. */
export type MachineFactory = (role: Role, options: SubjectOptions, output: MachineOutput) => Machine
