import type { Disconnect } from '@wigwag/protocol'
import { encodeDisconnect } from './disconnect-packet.ts'
import type { EncodedPacket } from './encoded-packet.ts'
import type { Session } from './session.ts'
import type { SessionTransport } from './session-transport.ts'
import { encodeAnswer, UnacknowledgedPackets } from './unacknowledged-packets.ts'

/** What long polls share. */
export interface LongPollHost {
  /** Milliseconds of a clock that nobody sets. */
  readonly elapsedMs: () => number
  /** A packet as it is sent. */
  readonly textOf: (packet: EncodedPacket | string) => string
  /** For how long there may be no poll, in milliseconds. */
  readonly gapMs: number
  /** Has `flush` called when this turn is over: what it sends goes with one answer. */
  flushSoon(transport: LongPollTransport): void
  /** Has `tick` called at `deadlineMs`. */
  wake(transport: LongPollTransport): void
  /** Its client was told that the session has ended, or does not ask any more. */
  over(transport: LongPollTransport): void
}

interface Poll {
  /** The number from which on it asks. */
  readonly last: number
  readonly answer: (text: string) => void
}

type PollState =
  | { readonly phase: 'polled'; readonly poll: Poll; readonly untilMs: number }
  /** The client is on its way to ask for more. */
  | { readonly phase: 'between'; readonly untilMs: number }
  | { readonly phase: 'over'; readonly untilMs: number }

/**
 * A session's packets as answers to polls. What was answered is kept until the next poll says that it has arrived: of an
 * answer that was lost on its way nothing is lost, and nothing comes twice. How much waits so is the transport's buffer,
 * of which the session's outbox knows.
 */
export class LongPollTransport implements SessionTransport {
  readonly name = 'long_poll'
  readonly upstream = 'polled'
  readonly #host: LongPollHost
  readonly #packets = new UnacknowledgedPackets()
  #session: Session | undefined
  #state: PollState
  /** Whether the session has ended, and said so. */
  #hasClosed = false

  constructor(host: LongPollHost) {
    this.#host = host
    this.#state = { phase: 'between', untilMs: host.elapsedMs() + host.gapMs }
  }

  get bufferedAmount(): number {
    return this.#packets.bytes
  }

  /** When there is something to do. */
  get deadlineMs(): number {
    return this.#state.untilMs
  }

  /** Whose packets these are: known once it has one. */
  carry(session: Session): void {
    this.#session = session
  }

  send(packet: EncodedPacket | string): void {
    this.#packets.add(this.#host.textOf(packet))
    if (this.#state.phase === 'polled') this.#host.flushSoon(this)
  }

  close(disconnect: Disconnect): void {
    if (this.#hasClosed) return
    this.#hasClosed = true
    this.send(encodeDisconnect(disconnect))
  }

  poll(
    { last, waitMs }: { readonly last: number; readonly waitMs: number },
    answer: (text: string) => void,
  ): (() => void) | undefined {
    if (!this.#packets.acknowledge(last)) return undefined
    // The client has given that one up, or lost it.
    if (this.#state.phase === 'polled') this.#answer(this.#state.poll, encodeAnswer(this.#state.poll.last))
    const poll: Poll = { last, answer }
    this.#state = { phase: 'polled', poll, untilMs: this.#host.elapsedMs() + waitMs }
    this.#host.wake(this)
    this.#session?.heard()
    this.#session?.drained()
    if (!this.#packets.isEmpty || waitMs === 0) this.#host.flushSoon(this)
    else if (this.#hasClosed) this.#answer(poll, encodeAnswer(last))
    return () => this.#leave(poll)
  }

  /** Answers with what there is. */
  flush(): void {
    if (this.#state.phase !== 'polled') return
    this.#answer(this.#state.poll, this.#packets.isEmpty ? encodeAnswer(this.#state.poll.last) : this.#packets.encode())
  }

  /** Time goes by. */
  tick(nowMs: number): void {
    if (nowMs < this.deadlineMs) this.#host.wake(this)
    else if (this.#state.phase === 'polled') this.flush()
    else {
      this.#end()
      this.#session?.closed()
    }
  }

  #answer(poll: Poll, text: string): void {
    this.#pause()
    poll.answer(text)
    // Whether it arrives nobody can know who is not asked again.
    if (this.#hasClosed) this.#host.over(this)
  }

  #leave(poll: Poll): void {
    if (this.#state.phase === 'polled' && this.#state.poll === poll) this.#pause()
  }

  #pause(): void {
    this.#state = { phase: 'between', untilMs: this.#host.elapsedMs() + this.#host.gapMs }
    this.#host.wake(this)
  }

  #end(): void {
    this.#state = { phase: 'over', untilMs: Number.POSITIVE_INFINITY }
    this.#host.over(this)
  }
}
