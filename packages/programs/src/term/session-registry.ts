import type { TerminalSession } from './terminal-session.ts'

/** What a key opens. */
export interface FoundSession {
  readonly session: TerminalSession
  readonly mayWrite: boolean
}

/** The sessions that one can come to, by their keys. */
export class SessionRegistry {
  readonly #byKey = new Map<string, FoundSession>()
  readonly #sessions = new Set<TerminalSession>()

  get size(): number {
    return this.#sessions.size
  }

  [Symbol.iterator](): Iterator<TerminalSession> {
    return [...this.#sessions][Symbol.iterator]()
  }

  /** The first of them, where there is one for all. */
  get first(): TerminalSession | undefined {
    const [first] = this.#sessions
    return first
  }

  add(session: TerminalSession, isWritable: boolean): void {
    this.#sessions.add(session)
    this.#byKey.set(session.writerKey, { session, mayWrite: isWritable })
    this.#byKey.set(session.viewerKey, { session, mayWrite: false })
  }

  delete(session: TerminalSession): void {
    this.#sessions.delete(session)
    this.#byKey.delete(session.writerKey)
    this.#byKey.delete(session.viewerKey)
  }

  /** Looked up, not compared: 128 random bits cannot be found by their time. */
  find(key: string): FoundSession | undefined {
    return this.#byKey.get(key)
  }
}
