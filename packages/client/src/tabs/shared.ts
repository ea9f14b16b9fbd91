import { createId } from '../environment/create-id.ts'
import type { Environment } from '../environment/environment.ts'
import { hostEnvironment } from '../environment/host-environment.ts'
import { pageMemory } from '../environment/page-memory.ts'
import { MAX_MEMORY_AGE_MS, memoryKeyOf } from '../fallback/fallback.ts'
import { closeReason } from '../reason/close-reason.ts'
import { ownPort } from '../share/own-port.ts'
import { PortLine, type TabPort, type TabPortSink } from '../share/port-line.ts'
import { resolveShareLimits, type ShareLimits } from '../share/share-limits.ts'
import { Switchboard } from '../share/switchboard.ts'
import type { TabMessage } from '../share/tab-port.ts'
import { assertTransports } from '../transport/assert-transports.ts'
import type { Transport, TransportMemory } from '../transport/transport.ts'
import { webSocket } from '../transport/websocket.ts'
import { leaderWay } from './leader-way.ts'
import { isPageAway } from './page-away.ts'
import { shareName } from './share-name.ts'
import type { Way, WayEnd } from './way.ts'
import type { PlainSettings, PlainTransport } from './worker-messages.ts'
import { workerWay } from './worker-way.ts'

/** With whom a connection is shared. */
export interface ShareOptions extends ShareLimits {
  /**
   * Who somebody is: tabs share a connection with those alone that say the same. Default: what the token says (a JWT's `sub`), else the
   * token itself; without one, nobody in particular. With cookies name it.
   */
  readonly as?: string
}

/** How the connection is shared, and how it gets to the hub. */
export interface SharedTransportOptions extends ShareOptions {
  /** Ways to the hub, the best first. Default: WebSocket alone. */
  readonly transports?: readonly Transport[]
  /** For a connection that the hub has let in, in milliseconds. Default 10,000. */
  readonly connectTimeoutMs?: number
  /** How long to stay with a transport that is not the first before those above it are tried, in milliseconds. Default 60,000. */
  readonly moveUpDelayMs?: number
  /** Time, chance, device and page. Default: those of the host. */
  readonly environment?: Environment
}

const DEFAULTS = { connectTimeoutMs: 10_000, moveUpDelayMs: 60_000 } as const

/**
 * One connection for all tabs of an origin that are for the same hub and user: in a shared worker, else in one of the tabs. Where
 * there are no tabs, as in Node, it is a connection of its own. Throws `ClientError` `ERR_OPTION` for a number that is none, and where
 * there is no transport.
 */
export function shared(options: SharedTransportOptions = {}): Transport {
  const resolved = {
    ...DEFAULTS,
    transports: [webSocket()],
    environment: hostEnvironment(),
    ...options,
    limits: resolveShareLimits(options),
  }
  assertTransports(resolved.transports)
  // It knows what worked, over all that is opened.
  let own: Switchboard | undefined
  const ownBoard = (url: URL): Switchboard => {
    own ??= createBoard(url, resolved)
    return own
  }
  return {
    name: 'shared',
    open: (url, sink) =>
      new PortLine(sink, (greeting, hear) => new SharedPort(url, greeting, hear, resolved, ownBoard)),
  }
}

function createBoard(url: URL, { environment, ...parts }: Resolved): Switchboard {
  return new Switchboard({ ...environment, ...parts, url })
}

type Resolved = Required<Omit<SharedTransportOptions, 'as' | keyof ShareLimits>> &
  Pick<ShareOptions, 'as'> & { readonly limits: Required<ShareLimits> }

/** A tab's way to the switchboard: the first that works. What is said before that waits. */
class SharedPort implements TabPort {
  readonly #url: URL
  readonly #sink: TabPortSink
  readonly #options: Resolved
  readonly #ownBoard: (url: URL) => Switchboard
  readonly #leaving = new AbortController()
  #said: TabMessage[] | undefined = []
  #end: WayEnd | undefined

  constructor(url: URL, greeting: string, sink: TabPortSink, options: Resolved, ownBoard: (url: URL) => Switchboard) {
    this.#url = url
    this.#ownBoard = ownBoard
    this.#sink = sink
    this.#options = options
    const { signal } = this.#leaving
    // A page that is put away lets go of everything; when it is shown again it comes back.
    const left = (): void => {
      // It is not gone, and not every way tells by itself that it has let go.
      this.post({ type: 'leave', reason: 'lost' })
      sink.lost(closeReason('lost', { text: 'the page was left' }))
    }
    if (globalThis.document !== undefined) globalThis.addEventListener('pagehide', left, { signal })
    void shareName(url, greeting, options.as).then(
      (name) => {
        if (isPageAway()) left()
        else this.#go(name, name === undefined ? [] : this.#ways())
      },
      (cause: unknown) => this.#lost(cause),
    )
  }

  post(message: TabMessage): void {
    if (this.#said === undefined) this.#end?.post(message)
    else this.#said.push(message)
  }

  close(): void {
    this.#leaving.abort()
    this.#end?.close()
  }

  #lost(cause: unknown): void {
    if (!this.#leaving.signal.aborted) this.#sink.lost(closeReason('unreachable', { text: String(cause), cause }))
  }

  #ways(): readonly Way[] {
    const { after, createId: create = createId, memory = pageMemory() } = this.#options.environment
    const host = { after, createId: create, memory }
    if (globalThis.document === undefined) return []
    const ways = [
      workerWay(this.#plainSettings(memory), host),
      leaderWay(() => createBoard(this.#url, this.#options), host),
    ]
    return ways.filter((way) => way !== undefined)
  }

  #go(name: string | undefined, [way, ...others]: readonly Way[]): void {
    if (this.#leaving.signal.aborted) return
    if (name === undefined || way === undefined) {
      this.#end = ownPort(this.#ownBoard(this.#url))('', this.#sink)
      this.#ready()
      return
    }
    const isPresent = (): boolean => !this.#leaving.signal.aborted
    try {
      this.#end = way(name, {
        ready: () => isPresent() && this.#ready(),
        receive: (message) => isPresent() && this.#sink.receive(message),
        failed: () => isPresent() && this.#go(name, others),
        lost: (reason) => isPresent() && this.#sink.lost(reason),
      })
    } catch {
      // This page may not.
      this.#go(name, others)
    }
  }

  #ready(): void {
    const said = this.#said ?? []
    this.#said = undefined
    for (const message of said) this.#end?.post(message)
  }

  /** Undefined where a transport is this page's own. */
  #plainSettings(memory: TransportMemory | undefined): PlainSettings | undefined {
    const { connectTimeoutMs, moveUpDelayMs, limits, transports } = this.#options
    const made = transports.map(({ name, options }) => ({ name, options }))
    if (!made.every(isPlain)) return undefined
    const worked = memory?.recall(memoryKeyOf(this.#url), MAX_MEMORY_AGE_MS)
    const settings = { url: String(this.#url), transports: made, connectTimeoutMs, moveUpDelayMs, limits }
    return worked === undefined ? settings : { ...settings, worked }
  }
}

/** Whether a transport can be made in another thread. */
function isPlain(transport: {
  readonly name: string
  readonly options: object | undefined
}): transport is PlainTransport {
  try {
    return structuredClone(transport).options !== undefined
  } catch {
    // A class or a function of this page.
    return false
  }
}
