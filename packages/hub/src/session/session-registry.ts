import type { ClientInfo, Disconnect, RpcContract } from '@wigwag/protocol'
import type { Announcement } from '../broker/broker.ts'
import type { Departure, Drainable } from '../drain/drainable.ts'
import type { Namespaces } from '../namespace/namespaces.ts'
import { DueQueue } from '../presence/due-queue.ts'
import { MemoryPresenceStore } from '../presence/memory-presence-store.ts'
import { PresenceKeeper } from '../presence/presence-keeper.ts'
import type { PresenceSource } from '../presence/presence-source.ts'
import type { PresenceStore } from '../presence/presence-store.ts'
import type { ClientSession } from './client-session.ts'
import { resolveAuthenticator } from './credentials.ts'
import { ends } from './disconnects.ts'
import { EmulatedSessions } from './emulated-sessions.ts'
import { inboundRatesOf } from './inbound-rate.ts'
import { resolveOutboxOptions } from './outbox-options.ts'
import { createSessionCodec } from './publication-packets.ts'
import { RpcMethods } from './rpc-methods.ts'
import { assertServable, type ServerSubscriptionOptions } from './server-subscription.ts'
import { Session } from './session.ts'
import {
  applyAction,
  decodeSessionAction,
  encodeSessionAction,
  type SessionAction,
  type SessionTarget,
} from './session-action.ts'
import type { SessionChannels, SessionContext } from './session-context.ts'
import { type FullReason, SessionDoor, type SessionsFull } from './session-door.ts'
import type { Unsubscribed } from './session-hooks.ts'
import { resolveSessionOptions } from './session-options.ts'
import type { SessionPorts } from './session-ports.ts'
import type { SessionRequest, SessionTransport } from './session-transport.ts'
import type { SessionsOptions } from './sessions-options.ts'
import { slowestSessions } from './slowest-sessions.ts'

/** How often it is looked whose time has come. */
const TICK_MS = 1000
/** By this each next session is spread: no two that come together are close. */
const GOLDEN_RATIO = 0.618_033_988_749_895

/** How many sessions there are. */
export interface SessionStats {
  /** With those whose clients have not said yet who they are (count). */
  readonly open: number
  /** Those that are connected (count). */
  readonly connected: number
  /** Different users among those (count); all who are anonymous are one. */
  readonly users: number
}

/** The sessions of this hub: opens them, finds them, and knows whose time has come. */
export class SessionRegistry implements Drainable {
  readonly #context: SessionContext
  /** This hub among those of the cluster. */
  readonly hub: string
  readonly #store: PresenceStore | undefined
  readonly #open = new Set<Session>()
  readonly #byClient = new Map<string, Session>()
  readonly #byUser = new Map<string, Set<Session>>()
  readonly #due = new DueQueue<Session>()
  readonly #door: SessionDoor
  /** Sessions that have an address. */
  readonly emulated: EmulatedSessions
  readonly #stopTicking: () => void
  /** Who waits for the last one to leave. */
  readonly #awaiting = new Set<() => void>()
  #isClosed = false
  #spread = 0

  /** Made by the hub. Throws `HubError` `ERR_OPTION` that names the option and what it takes. */
  constructor(
    options: SessionsOptions,
    namespaces: Namespaces,
    channels: SessionChannels,
    ports: SessionPorts,
    source: Partial<PresenceSource>,
    contract: Readonly<Record<string, RpcContract>> | undefined,
  ) {
    this.hub = ports.createId()
    if (namespaces.some(({ presence }) => presence)) {
      this.#store =
        options.presence ?? source.createPresenceStore?.() ?? new MemoryPresenceStore({}, { now: ports.elapsedMs })
    }
    const announce = (channel: string, kind: Announcement, info: ClientInfo): void => {
      if (namespaces.resolve(channel)?.namespace.joinLeave === true) channels.announce(channel, kind, info)
    }
    const teller = {
      joined: (channel: string, info: ClientInfo) => announce(channel, 'join', info),
      left: (channel: string, info: ClientInfo) => announce(channel, 'leave', info),
    }
    const sessionOptions = resolveSessionOptions(options.sessions)
    this.#door = new SessionDoor(sessionOptions, ports)
    this.emulated = new EmulatedSessions(this.hub, ports)
    this.#context = {
      channels,
      ports,
      namespaces,
      authenticator: options.authenticate && resolveAuthenticator(options.authenticate),
      options: sessionOptions,
      inboundRates: inboundRatesOf(sessionOptions),
      outbox: resolveOutboxOptions(options.outbox),
      hooks: options,
      rpc: options.rpc && new RpcMethods(options.rpc, contract),
      codec: createSessionCodec(ports),
      presence: this.#store && new PresenceKeeper(this.#store, teller),
      spread: () => this.#nextSpread(),
      enter: (session) => this.#enter(session),
      forget: (session) => this.#forget(session),
      wake: (session) => this.#wake(session),
      tell: (hook, call) => this.#tell(hook, call),
    }
    this.#stopTicking = ports.every(TICK_MS, () => this.#tick())
  }

  /** What all of them have in common. */
  get context(): SessionContext {
    return this.#context
  }

  /** Whether there may be no more for now. */
  get isFull(): boolean {
    return this.#door.isShut || this.#open.size >= this.#context.options.maxSessions
  }

  get stats(): SessionStats {
    return { open: this.#open.size, connected: this.#byClient.size, users: this.#byUser.size }
  }

  /** How many were not let in since the hub was made, by reason (count). */
  get refused(): Readonly<Record<FullReason, number>> {
    return this.#door.refused
  }

  /**
   * Whether somebody may come in who asks to, or why not: for transports, to be called once for each client, before anything
   * is asked or opened for it.
   */
  admit(): SessionsFull | undefined {
    return this.#door.admit(this.#open.size)
  }

  /** What `admit` would return to somebody who came now: for whoever asks why it was not let in. */
  look(): SessionsFull | undefined {
    return this.#door.look(this.#open.size)
  }

  /** A client has come. Its transport tells the session what comes from it; one that cannot be is closed at once. */
  open(transport: SessionTransport, request: SessionRequest = {}): Session {
    const session = new Session(this.#context, transport, request)
    const { isFull } = this
    this.#open.add(session)
    if (transport.upstream !== undefined) session.address = this.emulated.add(session, transport)
    if (isFull) session.disconnect(ends(this.#door.isShut ? 'shutdown' : 'connectionLimit'))
    else this.#wake(session)
    return session
  }

  /** A connected session, by its id. */
  get(client: string): ClientSession | undefined {
    return this.#byClient.get(client)
  }

  /** The connected sessions of a user. */
  ofUser(user: string): readonly ClientSession[] {
    return [...(this.#byUser.get(user) ?? [])].filter(({ phase }) => phase === 'open')
  }

  /** All that are connected. */
  [Symbol.iterator](): IterableIterator<ClientSession> {
    return this.#byClient.values()
  }

  /**
   * Ends sessions, wherever in the cluster they are, but those named by `except`; by default with 3503: their clients do
   * not come back. As all that the cluster is told, it is done here at once and on other hubs at most once. Rejects with
   * `HubError` `ERR_BROKER_UNAVAILABLE` when those could not be told.
   */
  disconnect(target: SessionTarget, disconnect?: Disconnect, except?: readonly string[]): Promise<void> {
    return this.#act({ type: 'disconnect', target, ...(disconnect && { disconnect }), ...(except && { except }) })
  }

  /**
   * Subscribes sessions to a channel, whatever its permission; those that are, stay. As `disconnect`; rejects with
   * `ERR_CHANNEL_NAME` or `ERR_NAMESPACE` for a channel that there cannot be.
   */
  async subscribe(target: SessionTarget, channel: string, options: ServerSubscriptionOptions = {}): Promise<void> {
    assertServable(channel, this.#context)
    await this.#act({ ...options, type: 'subscribe', target, channel })
  }

  /** Ends subscriptions; by default with 2000: their clients do not subscribe again by themselves. As `disconnect`. */
  unsubscribe(target: SessionTarget, channel: string, why: Partial<Unsubscribed> = {}): Promise<void> {
    return this.#act({ type: 'unsubscribe', target, channel, ...why })
  }

  /** The credentials of sessions hold until `expiresAt` (milliseconds since 1970), for ever without it. As `disconnect`. */
  refresh(target: SessionTarget, expiresAt?: number): Promise<void> {
    return this.#act({ type: 'refresh', target, ...(expiresAt !== undefined && { expiresAt }) })
  }

  /** The credentials of sessions hold no more: their clients come back with others. As `disconnect`. */
  expire(target: SessionTarget): Promise<void> {
    return this.#act({ type: 'expire', target })
  }

  /** What a hub of the cluster told all of them. */
  told(message: string): void {
    const heard = decodeSessionAction(message)
    // Of its own it has done already.
    if (heard !== undefined && heard.hub !== this.hub) this.#apply(heard.action)
  }

  /** A leave was told in a channel. */
  heardLeft(channel: string, { client }: ClientInfo): void {
    this.#context.presence?.heardLeft(channel, client, this.#context.ports.elapsedMs())
  }

  /** What was told in a channel may have been missed. */
  missed(channel: string): void {
    this.#context.presence?.missed(channel, this.#context.ports.elapsedMs())
  }

  /** Lets nobody in any more. Each session leaves with 3001 and advice when to come back. */
  beginDrain(): Departure[] {
    this.#door.isShut = true
    return [...this.#open].map(
      (session): Departure =>
        (delayMs) =>
          session.leave({ ...ends('shutdown'), ...(delayMs > 0 && { delayMs }) }),
    )
  }

  /** Resolves when there is no session. */
  async emptied(): Promise<void> {
    if (this.#open.size === 0) return
    await new Promise<void>((resolve) => {
      this.#awaiting.add(resolve)
    })
  }

  /** Ends every session with 3001, whatever still waits for it. */
  terminate(): void {
    for (const session of [...this.#open]) session.disconnect(ends('shutdown'))
  }

  /** Ends every session with 3001; their clients come back, elsewhere perhaps. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#door.isShut = true
    this.#stopTicking()
    this.terminate()
    this.#context.presence?.close()
    await this.#store?.close()
  }

  async #act(action: SessionAction): Promise<void> {
    this.#apply(action)
    await this.#context.channels.tell(encodeSessionAction(this.hub, action))
  }

  #apply(action: SessionAction): void {
    for (const session of this.#find(action.target)) {
      // What one session cannot have done to it is no reason to leave out the others.
      this.#tell(action.type, () => applyAction(session, action))
    }
  }

  #find({ client, user }: SessionTarget): readonly ClientSession[] {
    if (client === undefined) return this.ofUser(user)
    const session = this.#byClient.get(client)
    return session === undefined || (user !== undefined && session.user !== user) ? [] : [session]
  }

  #tick(): void {
    const elapsedMs = this.#context.ports.elapsedMs()
    for (const session of this.#due.take(elapsedMs)) {
      session.tick(elapsedMs)
      this.#wake(session)
    }
    this.#context.presence?.tick(elapsedMs)
    this.emulated.tick()
    const excessBytes = this.#door.measureMemory()
    if (excessBytes > 0) for (const session of slowestSessions(this.#open, excessBytes)) session.slow()
  }

  #wake(session: Session): void {
    const deadlineMs = session.nextDeadlineMs()
    if (Number.isFinite(deadlineMs)) this.#due.put(session, deadlineMs)
    else this.#due.delete(session)
  }

  #nextSpread(): number {
    this.#spread = (this.#spread + GOLDEN_RATIO) % 1
    return this.#spread
  }

  #enter(session: Session): Disconnect | undefined {
    const { client, user } = session
    const { maxSessionsPerUser } = this.#context.options
    const others = this.#byUser.get(user)
    if (user !== '' && (others?.size ?? 0) >= maxSessionsPerUser) return ends('connectionLimit')
    if (others === undefined) this.#byUser.set(user, new Set([session]))
    else others.add(session)
    this.#byClient.set(client, session)
    return undefined
  }

  #forget(session: Session): void {
    const { client, user } = session
    this.#open.delete(session)
    this.#byClient.delete(client)
    this.#due.delete(session)
    if (session.address !== undefined) this.emulated.ended(session.address)
    if (this.#open.size === 0) for (const emptied of this.#awaiting) emptied()
    const others = this.#byUser.get(user)
    if (others?.delete(session) === true && others.size === 0) this.#byUser.delete(user)
  }

  #tell(hook: string, call: () => unknown): void {
    const failed = (error: unknown): void => this.#context.ports.report(hook, error)
    try {
      const told = call()
      if (told instanceof Promise) told.catch(failed)
    } catch (error) {
      failed(error)
    }
  }
}
