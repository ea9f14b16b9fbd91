import type { Session } from './session.ts'
import type { SessionPorts } from './session-ports.ts'
import type { SessionAddress, SessionTransport } from './session-transport.ts'

/** For how long it is remembered that a session has ended, in milliseconds: what tells its client may be on its way. */
const LINGER_MS = 15_000
/** Most sessions that are remembered so (count). Above it the first to end is forgotten. */
const MAX_ENDED = 10_000
/** Most bytes that those keep which are asked for what they have to say. Above it the same. */
const MAX_ENDED_BYTES = 16 * 1024 * 1024

/** A session with an address. */
export interface EmulatedSession {
  readonly session: Session
  readonly transport: SessionTransport
}

interface Entry {
  readonly secret: string
  /** Nothing when it has ended and there is no more to be had of it. */
  emulated: EmulatedSession | undefined
  endedAtMs: number
  endedBytes: number
}

/**
 * Sessions whose transports go down only, by their addresses. An address names an entry, which is no secret, and has the
 * secret beside it, which is compared in constant time.
 */
export class EmulatedSessions {
  readonly #hub: string
  readonly #ports: SessionPorts
  readonly #entries = new Map<string, Entry>()
  /** Names of those that have ended, the first to end first. */
  readonly #ended = new Set<string>()
  #endedBytes = 0

  constructor(hub: string, ports: SessionPorts) {
    this.#hub = hub
    this.#ports = ports
  }

  /** Gives a session its address. */
  add(session: Session, transport: SessionTransport): SessionAddress {
    const secret = this.#ports.createId()
    this.#entries.set(session.client, { emulated: { session, transport }, secret, endedAtMs: 0, endedBytes: 0 })
    return { node: this.#hub, session: `${session.client}.${secret}` }
  }

  /** The session of an address; also for a while when it has ended, if only to know that there was one. */
  find(address: string): EmulatedSession | 'ended' | undefined {
    const entry = this.#entries.get(nameOf(address))
    if (entry === undefined || !isSame(address.slice(nameOf(address).length + 1), entry.secret)) return undefined
    return entry.emulated ?? 'ended'
  }

  /** A session has ended. */
  ended({ session: address }: SessionAddress): void {
    const name = nameOf(address)
    const entry = this.#entries.get(name)
    if (entry === undefined) return
    entry.endedAtMs = this.#ports.elapsedMs()
    if (entry.emulated?.transport.upstream === 'polled') entry.endedBytes = entry.emulated.transport.bufferedAmount
    else entry.emulated = undefined
    this.#endedBytes += entry.endedBytes
    this.#ended.add(name)
    for (const first of this.#ended) {
      if (this.#ended.size <= MAX_ENDED && this.#endedBytes <= MAX_ENDED_BYTES) return
      this.#forget(first)
    }
  }

  /** Time goes by. */
  tick(): void {
    const untilMs = this.#ports.elapsedMs() - LINGER_MS
    for (const name of this.#ended) {
      if ((this.#entries.get(name)?.endedAtMs ?? 0) > untilMs) return
      this.#forget(name)
    }
  }

  #forget(name: string): void {
    this.#ended.delete(name)
    this.#endedBytes -= this.#entries.get(name)?.endedBytes ?? 0
    this.#entries.delete(name)
  }
}

function nameOf(address: string): string {
  return address.slice(0, Math.max(0, address.lastIndexOf('.')))
}

/** How long this takes tells nothing of where they differ. */
function isSame(given: string, secret: string): boolean {
  let difference = given.length ^ secret.length
  for (let i = 0; i < secret.length; i++) difference |= given.charCodeAt(i) ^ secret.charCodeAt(i)
  return difference === 0
}
