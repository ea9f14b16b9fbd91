import {
  type CommandPacket,
  type ConnectRequest,
  type ConnectResult,
  decodePackets,
  encodePacket,
  type HubPacket,
  PING_PACKET,
  type Push,
  type ReplyPacket,
} from '@wigwag/protocol'
import { batchesOf, createOutgoing } from '../command/outgoing.ts'
import { type CloseReason, closeReason } from '../reason/close-reason.ts'
import type { OpenTransport, Transport, TransportSink } from '../transport/transport.ts'
import type { BoardSession } from './board-session.ts'

/** Who hears what the hub says. */
export interface UpstreamSink {
  /** What the hub answered to the connect command. */
  greeted(answer: ReplyPacket): void
  /** The hub asks for a sign of life. */
  pinged(): void
  /** `line`: the packet, as it came. */
  pushed(push: Push, line: string): void
  /** It is over. */
  closed(reason: CloseReason): void
}

/** What waits for an answer of the hub. */
interface Unanswered {
  readonly packet: CommandPacket
  /** For whom; undefined: for the switchboard. */
  readonly session: BoardSession | undefined
  readonly done: (answer: ReplyPacket) => void
}

/** Commands without an answer (count): hubs take 256. Others wait their turn. */
const MAX_UNANSWERED = 200
const CONNECT_ID = 1

/** The one connection to the hub, with the commands of all tabs. */
export class UpstreamLine {
  readonly #sink: UpstreamSink
  readonly #open: OpenTransport
  readonly #outgoing = createOutgoing((text) => this.#send(text))
  /** What goes with the greeting. */
  #behind: string[] | undefined = []
  readonly #unanswered = new Map<number, Unanswered>()
  #waiting: Unanswered[] = []
  #lastId = CONNECT_ID
  #isOver = false

  constructor(
    transport: Transport,
    url: URL,
    after: TransportSink['after'],
    request: ConnectRequest,
    sink: UpstreamSink,
  ) {
    this.#sink = sink
    this.#open = transport.open(url, {
      greeting: () => this.#greeting(request),
      received: (text) => this.#receive(text),
      closed: (reason) => this.#end(reason),
      after,
    })
  }

  /** Whether nobody waits for an answer, and all that was sent is on its way. */
  get isIdle(): boolean {
    return this.#unanswered.size === 0 && !this.#open.isBusy
  }

  /** Whether the hub owes a tab an answer. */
  owes(session: BoardSession): boolean {
    const all = [...this.#unanswered.values(), ...this.#waiting]
    return all.some((each) => each.session === session)
  }

  /** Sends a command, whatever id it has, and tells what is answered. */
  ask(packet: CommandPacket, session: BoardSession | undefined, done: (answer: ReplyPacket) => void): void {
    this.#waiting.push({ packet, session, done })
    this.#release()
  }

  /** Sends a packet that is not answered. */
  tell(packet: CommandPacket): void {
    this.#push(encodePacket(packet))
  }

  /** Answers a ping. */
  pong(): void {
    this.#push(PING_PACKET)
  }

  /** Ends it. It tells nothing more. */
  close(reason?: CloseReason): void {
    this.#isOver = true
    this.#open.close(reason)
  }

  #release(): void {
    while (this.#unanswered.size < MAX_UNANSWERED) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      const id = ++this.#lastId
      this.#unanswered.set(id, next)
      this.#push(encodePacket({ ...next.packet, id }))
    }
  }

  #push(line: string): void {
    if (this.#behind === undefined) this.#outgoing.push(line)
    else this.#behind.push(line)
  }

  #greeting(request: ConnectRequest): string {
    const lines = [encodePacket({ id: CONNECT_ID, connect: request }), ...(this.#behind ?? [])]
    this.#behind = undefined
    const [first = '', ...rest] = batchesOf(lines)
    // The first is sent when this has returned.
    if (rest.length > 0) queueMicrotask(() => rest.forEach((text) => void this.#send(text)))
    return first
  }

  #send(text: string): void {
    if (!this.#isOver) this.#open.send(text)
  }

  #receive(text: string): void {
    for (const line of text.split('\n')) {
      if (this.#isOver) return
      const packets = decodePackets(line)
      if (packets === undefined) this.#end(closeReason('notAHub', { text: 'no JSON came' }))
      else for (const packet of packets) this.#take(packet, line)
    }
  }

  #take(packet: HubPacket, line: string): void {
    try {
      const { id, push } = packet as { readonly id?: number; readonly push?: Push }
      if (id === CONNECT_ID) {
        const { connect } = packet as { readonly connect?: ConnectResult }
        if (connect !== undefined) this.#open.greeted?.(connect)
        this.#sink.greeted(packet as ReplyPacket)
      } else if (id) this.#answered(packet as ReplyPacket)
      else if (push === undefined) this.#sink.pinged()
      else this.#sink.pushed(push, line)
    } catch (cause) {
      this.#end(closeReason('notAHub', { text: 'no packet came', cause }))
    }
  }

  #answered(answer: ReplyPacket): void {
    const asked = this.#unanswered.get(answer.id)
    if (asked === undefined) return
    this.#unanswered.delete(answer.id)
    this.#release()
    asked.done(answer)
  }

  #end(reason: CloseReason): void {
    if (this.#isOver) return
    this.close()
    this.#sink.closed(reason)
  }
}
