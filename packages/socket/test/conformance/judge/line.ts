import type { Role } from '@wigwag/socket/core'
import type { SubjectOptions } from './conformance-case.ts'
import type { Inbox } from './inbox.ts'

/** The judge's end of a byte stream to a subject. */
export interface Line {
  /** What came from the subject. */
  readonly inbox: Inbox
  /** Sends one chunk; resolves when the subject may have read it by itself, before the next one. */
  write(chunk: Uint8Array): Promise<void>
  /** Ends the judge's direction. */
  end(): void
  /** Drops the stream. */
  reset(): void
  /** Stops and starts reading from the subject. */
  pause(): void
  resume(): void
  /** Bytes that the judge has written and the stream has not taken. */
  readonly unsentBytes: number
  /** Lets the deadlines of the subject come, where time is in the judge's hands. */
  letTimePass(): void
  /** Resolves when the condition holds; throws `Fault` when it cannot or does not come to hold. */
  until(condition: () => boolean, what: string): Promise<void>
}

/** How a subject's application saw the end. */
export interface SubjectOutcome {
  readonly code: number
  readonly clean: boolean
}

/** The application of a subject: it echoes every message, and does as it is told. */
export interface SubjectApplication {
  /** Whether the opening handshake is done. */
  readonly open: boolean
  /** How it ended, once it has. `undefined` for those who do not tell. */
  readonly outcome: SubjectOutcome | undefined
  /** Whether connecting failed (client). */
  readonly refused: boolean
  /** Bytes waiting in the subject to be written. */
  readonly bufferedAmount: number
  close(code: number | undefined, reason: string): void
  send(data: string | Uint8Array): void
}

/** One connection to a subject. */
export interface Session {
  readonly line: Line
  readonly application: SubjectApplication
  /** Lets go of everything. */
  dispose(): Promise<void> | void
}

/** What is judged, and over which transport. */
export interface Subject {
  readonly name: string
  readonly transport: 'memory' | 'network'
  /** `'exact'`: close codes and statuses are those of the case. `'rfc'`: whatever the RFC leaves open is. */
  readonly strictness: 'exact' | 'rfc'
  /**
   * Most exchanges of one case that are played where a connection is dear: the first, the last, and some between. Many
   * differ only in where bytes are cut. Default: all.
   */
  readonly mostExchanges?: number
  /** Whether it can be set up so. */
  supports(role: Role, options: SubjectOptions): boolean
  /** A new connection to a subject of `role`: TCP is there, nothing has been sent but what a client sends by itself. */
  connect(role: Role, options: SubjectOptions): Promise<Session>
  /** Lets go of what is shared by its connections. */
  close?(): Promise<void>
}
