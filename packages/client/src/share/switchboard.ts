import type { CommandPacket, ConnectResult, Push, ReplyPacket } from '@wigwag/protocol'
import {
  type CloseReason,
  type CloseReasonName,
  closeReason,
  type OwnReasonName,
  reasonOfCode,
} from '../reason/close-reason.ts'
import { inOrder } from '../transport/in-order.ts'
import type { Transport, TransportChoice, TransportMemory } from '../transport/transport.ts'
import { BoardChannel } from './board-channel.ts'
import { BoardCredentials } from './board-credentials.ts'
import { BoardSession } from './board-session.ts'
import { RecentPublications } from './recent-publications.ts'
import { ServerChannelsBoard } from './server-channels-board.ts'
import type { ShareLimits } from './share-limits.ts'
import type { BoardMessage, TabEnd, TabMessage } from './tab-port.ts'
import { UpstreamLine } from './upstream-line.ts'

/** What a switchboard is made of. */
export interface SwitchboardParts {
  readonly url: URL
  /** Ways to the hub, the best first. */
  readonly transports: readonly Transport[]
  /** How long one may take to open and be answered, and how long to stay with one that is not the first, in milliseconds. */
  readonly connectTimeoutMs: number
  readonly moveUpDelayMs: number
  readonly limits: Required<ShareLimits>
  readonly nowMs: () => number
  readonly after: (delayMs: number, run: () => void) => () => void
  readonly random: () => number
  readonly memory?: TransportMemory
}

/** A tab that says one of these knows that the connection is no good, if the hub owes it an answer. */
const DEAF: ReadonlySet<CloseReasonName> = new Set(['noPing', 'replyTimeout'])

type State =
  | { readonly phase: 'idle' }
  /** A tab's words are on their way to the hub; others wait. */
  | { readonly phase: 'opening'; readonly line: UpstreamLine; readonly speaker: BoardSession }
  | { readonly phase: 'open'; readonly line: UpstreamLine; readonly result: ConnectResult }

const IDLE: State = { phase: 'idle' }

/**
 * One connection to a hub for many tabs. To each of them it is a hub: their clients speak to it as they would, each with its own
 * place in each stream, its own patience and its own tokens. To the hub it is one client, with the words of whoever asks first.
 */
export class Switchboard {
  readonly #parts: SwitchboardParts
  readonly #choice: TransportChoice
  readonly #sessions = new Set<BoardSession>()
  readonly #channels = new Map<string, BoardChannel>()
  readonly #recents: RecentPublications
  readonly #serverChannels: ServerChannelsBoard
  readonly #credentials: BoardCredentials
  #state: State = IDLE
  #cancel = (): void => {}

  constructor(parts: SwitchboardParts) {
    const { limits, nowMs, after, transports } = parts
    this.#parts = parts
    this.#recents = new RecentPublications(limits)
    this.#serverChannels = new ServerChannelsBoard(this.#recents, nowMs)
    this.#credentials = new BoardCredentials({ nowMs, after, sessions: () => this.#open() })
    const host = { ...parts, canMove: () => this.#canMove(), move: () => this.#move() }
    this.#choice = transports.find(({ choose }) => choose)?.choose?.(transports, host) ?? inOrder(transports)
  }

  /** How many tabs there are (count). */
  get tabs(): number {
    return this.#sessions.size
  }

  /** A tab has come; `post` tells it. */
  attach(post: (message: BoardMessage) => void): TabEnd {
    const session = new BoardSession(post, this.#parts.limits.maxUnreadBytes, (each) => this.#left(each))
    this.#sessions.add(session)
    return {
      receive: (message) => this.#receive(session, message),
      gone: () => this.#leave(session),
    }
  }

  /** Ends the connection; tabs are told why. */
  close(reason: CloseReason): void {
    for (const session of [...this.#sessions]) session.close(reason)
    this.#sessions.clear()
    this.#drop(reason)
  }

  #receive(session: BoardSession, message: TabMessage): void {
    if (session.isClosed) return
    if (message.type === 'took') session.took(message.length)
    else if (message.type === 'leave') this.#leave(session, message.reason)
    else for (const line of message.text.split('\n')) this.#take(session, JSON.parse(line) as CommandPacket)
  }

  #take(session: BoardSession, packet: CommandPacket): void {
    if ('connect' in packet) this.#greet(session, packet)
    else if (session.isOpen || (this.#state.phase === 'opening' && this.#state.speaker === session)) {
      this.#carryOut(session, packet)
    } else session.held.push(packet)
  }

  #greet(session: BoardSession, { id = 0, connect }: Extract<CommandPacket, { readonly connect: unknown }>): void {
    session.greet({ id, request: connect })
    if (this.#state.phase === 'open') this.#admit(session, this.#state.result)
    else if (this.#state.phase === 'idle') this.#openFor(session)
  }

  #carryOut(session: BoardSession, packet: CommandPacket): void {
    if (this.#state.phase === 'idle') return
    const { line } = this.#state
    const { id = 0 } = packet
    if ('subscribe' in packet) this.#channel(packet.subscribe.channel).subscribe(session, id, packet.subscribe)
    else if ('unsubscribe' in packet) {
      this.#channels.get(packet.unsubscribe.channel)?.leave(session)
      session.push({ id, unsubscribe: {} })
    } else if ('send' in packet) line.tell(packet)
    // What is empty answers a ping, which is answered already.
    else if (id > 0) {
      line.ask(packet, session, (answer) => {
        this.#learn(session, packet, answer)
        session.push({ ...answer, id })
      })
    }
  }

  /** What a tab asked for, and concerns others. */
  #learn(session: BoardSession, packet: CommandPacket, answer: ReplyPacket): void {
    if ('refresh' in answer) this.#credentials.holds(session, answer.refresh)
    else if ('sub_refresh' in answer && 'sub_refresh' in packet) {
      this.#channels.get(packet.sub_refresh.channel)?.holds(answer.sub_refresh)
    }
  }

  #channel(name: string): BoardChannel {
    const known = this.#channels.get(name)
    if (known !== undefined) return known
    const channel = new BoardChannel(name, {
      recents: this.#recents,
      nowMs: this.#parts.nowMs,
      ask: (packet, session, done) => {
        if (this.#state.phase !== 'idle') this.#state.line.ask(packet, session, done)
      },
      forget: (each) => {
        if (this.#channels.get(name) === each) this.#channels.delete(name)
      },
    })
    this.#channels.set(name, channel)
    return channel
  }

  #openFor(speaker: BoardSession): void {
    const { url, after, connectTimeoutMs } = this.#parts
    const { request = {} } = speaker.greeting ?? {}
    const isPresent = (): boolean => this.#state.phase !== 'idle' && this.#state.line === line
    const line: UpstreamLine = new UpstreamLine(this.#choice.present, url, after, request, {
      greeted: (answer) => isPresent() && this.#greeted(line, speaker, answer),
      pinged: () => isPresent() && this.#pinged(line),
      pushed: (push, text) => isPresent() && this.#pushed(push, text),
      closed: (reason) => isPresent() && this.#end(reason),
    })
    this.#state = { phase: 'opening', line, speaker }
    // The tab knows, too, but it may be gone by then, and others wait.
    this.#cancel = after(connectTimeoutMs, () => this.#end(closeReason('connectTimeout')))
    this.#release(speaker)
  }

  #release(session: BoardSession): void {
    const { held } = session
    session.held = []
    for (const packet of held) this.#take(session, packet)
  }

  #greeted(line: UpstreamLine, speaker: BoardSession, answer: ReplyPacket): void {
    if (this.#state.phase !== 'opening') return
    if (!('connect' in answer)) {
      // What the hub does not like may be of this tab alone: it is told, and another one tries.
      if (speaker.greeting !== undefined) speaker.push({ ...answer, id: speaker.greeting.id })
      this.#endFor(speaker, closeReason('refused'))
      return
    }
    const { session: _session, node: _node, ...result } = answer.connect
    this.#cancel()
    this.#state = { phase: 'open', line, result }
    this.#choice.connected()
    this.#serverChannels.connected(result)
    this.#credentials.holds(speaker.isClosed ? undefined : speaker, result)
    if (!speaker.isClosed) {
      this.#serverChannels.joinAs(speaker, result)
      this.#let(speaker, result)
    }
    for (const session of [...this.#sessions]) if (session.isWaiting) this.#admit(session, result)
    if (!this.#isWanted()) this.#drop(closeReason('disconnectCalled'))
  }

  #admit(session: BoardSession, { subs: _subs, ...result }: ConnectResult): void {
    const subs = this.#serverChannels.join(session, session.greeting?.request.subs)
    this.#let(session, { ...this.#credentials.resultFor(session, result), ...(subs && { subs }) })
    this.#release(session)
  }

  /** Lets a tab in. The hub's pings are answered here. */
  #let(session: BoardSession, { pong: _pong, ...result }: ConnectResult): void {
    if (session.greeting === undefined) return
    session.open(this.#choice.present.name)
    session.push({ id: session.greeting.id, connect: result })
  }

  #pinged(line: UpstreamLine): void {
    if (this.#state.phase !== 'open') return
    if (this.#state.result.pong) line.pong()
    for (const session of this.#open()) session.pushLine('{}')
  }

  #pushed(push: Push, line: string): void {
    if ('disconnect' in push) {
      const { code, reason: text, delay_ms: delayMs } = push.disconnect
      this.#end(reasonOfCode(code, { text, ...(delayMs !== undefined && { delayMs }) }))
    } else if ('refresh' in push) this.#credentials.changed(push.refresh)
    else if ('message' in push) for (const session of this.#open()) session.pushLine(line)
    else if ('channel' in push && !this.#serverChannels.pushed(push, line, this.#open())) {
      this.#channels.get(push.channel)?.pushed(push, line)
    }
  }

  #open(): readonly BoardSession[] {
    return [...this.#sessions].filter(({ isOpen }) => isOpen)
  }

  #isWanted(): boolean {
    return [...this.#sessions].some(({ isOpen, isWaiting }) => isOpen || isWaiting)
  }

  #leave(session: BoardSession, reason?: CloseReasonName): void {
    if (session.isClosed) return
    const { phase } = this.#state
    const isDeaf = reason !== undefined && DEAF.has(reason) && phase === 'open' && this.#state.line.owes(session)
    const isMute = reason === 'connectTimeout' && phase === 'opening' && this.#state.speaker === session
    session.leave()
    this.#left(session)
    if (reason !== undefined && (isDeaf || isMute)) this.#end(closeReason(reason as OwnReasonName))
  }

  #left(session: BoardSession): void {
    this.#sessions.delete(session)
    for (const channel of [...this.#channels.values()]) channel.leave(session)
    this.#serverChannels.leave(session)
    this.#credentials.left(session)
    // Whose words are with the hub is answered first, where others wait.
    if (!this.#isWanted()) this.#drop(closeReason('disconnectCalled'))
  }

  /** The connection is over, or did not come to be. */
  #end(reason: CloseReason): void {
    if (this.#state.phase === 'opening' && !reason.retryable) {
      this.#endFor(this.#state.speaker, reason)
      return
    }
    this.#drop(reason)
    for (const session of [...this.#sessions]) if (session.isOpen || session.isWaiting) this.#close(session, reason)
  }

  /** It was one tab that the hub does not let in. */
  #endFor(speaker: BoardSession, reason: CloseReason): void {
    this.#drop(reason)
    this.#close(speaker, reason)
    const next = [...this.#sessions].find(({ isWaiting }) => isWaiting)
    if (next !== undefined && this.#state.phase === 'idle') this.#openFor(next)
  }

  #close(session: BoardSession, reason: CloseReason): void {
    this.#sessions.delete(session)
    session.close(reason)
  }

  #drop(reason: CloseReason): void {
    if (this.#state.phase === 'idle') return
    const { line } = this.#state
    this.#state = IDLE
    this.#cancel()
    line.close(reason)
    for (const channel of this.#channels.values()) channel.close()
    this.#channels.clear()
    this.#serverChannels.close()
    this.#credentials.stop()
    this.#choice.ended(reason)
  }

  #canMove(): boolean {
    const state = this.#state
    if (state.phase !== 'open' || !state.line.isIdle || !this.#serverChannels.canRecover) return false
    return [...this.#channels.values()].every(({ canRecover }) => canRecover)
  }

  #move(): void {
    this.#end(closeReason('movedUp', { delayMs: 0 }))
  }
}
