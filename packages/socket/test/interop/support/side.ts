import type { Report, SessionSpec } from './session.ts'

/** A server of one side that waits for its one connection. */
export interface Listening {
  readonly port: number
  readonly report: Promise<Report>
}

/** A program that takes either role in a session: ours, or one that judges us. */
export interface Side {
  readonly name: string
  /** Connects and resolves when the connection has ended. Rejects when it could not be opened. */
  connect(url: string, spec: SessionSpec): Promise<Report>
  /** Resolves when a connection is accepted on a free port of 127.0.0.1. */
  listen(spec: SessionSpec): Promise<Listening>
}
