import type { Disconnect } from '@wigwag/protocol'
import { closeReason, reasonOfCode } from '../reason/close-reason.ts'
import type { OpenTransport, Transport, TransportSink } from '../transport/transport.ts'

/** What a hub is asked for: a `Hub` of `@wigwag/hub` fits. */
export interface MemoryHub {
  readonly sessions: { open(transport: MemorySessionTransport): MemorySession }
}

/** A session at the hub. */
export interface MemorySession {
  receive(text: string): void
  closed(): void
}

/** What the hub sends through. */
export interface MemorySessionTransport {
  readonly name: string
  readonly bufferedAmount: number
  send(packet: { readonly data: string | Uint8Array } | string): void
  close(disconnect: Disconnect): void
}

/**
 * A line in memory from clients to a hub, as a transport: `new Client(url, { transports: [new MemoryLine(hub)] })`. Like those in the
 * world it can be cut, stall, fall silent, or be half open.
 */
export class MemoryLine implements Transport {
  readonly name = 'memory'
  readonly #hub: MemoryHub
  readonly #ends = new Set<LineEnd>()
  #state: 'whole' | 'cut' | 'stalled' | 'silent' = 'whole'
  /** Connections that were asked for since it was made (count). */
  opened = 0
  /** Messages that went through to the hub, of all clients (count). */
  sent = 0

  constructor(hub: MemoryHub) {
    this.#hub = hub
  }

  open(_url: URL, sink: TransportSink): OpenTransport {
    this.opened++
    const end = new LineEnd(this.#hub, sink, this.#ends, () => this.sent++)
    this.#ends.add(end)
    if (this.#state === 'cut') end.breakOff()
    else if (this.#state !== 'silent') {
      end.isStalled = this.#state === 'stalled'
      end.begin()
    }
    return end
  }

  /** Breaks every connection, and lets none come to be. */
  cut(): void {
    this.#state = 'cut'
    for (const end of [...this.#ends]) end.breakOff()
  }

  /** Nothing gets through any more, and nobody is told: neither what is sent nor that it is over. */
  silence(): void {
    this.#state = 'silent'
    for (const end of this.#ends) end.isSilent = true
  }

  /** Nothing gets through until `mend`, and then all of it, in order. */
  stall(): void {
    this.#state = 'stalled'
    for (const end of this.#ends) end.isStalled = true
  }

  /**
   * Ends every connection at the hub, and does not tell the clients: as when a server lost its power, or something between lost its
   * memory. New connections get through.
   */
  halfOpen(): void {
    for (const end of this.#ends) end.loseHub()
  }

  /** New connections get through again, and what stalled. Those that fell silent are as dead as after a change of network. */
  mend(): void {
    this.#state = 'whole'
    for (const end of [...this.#ends]) end.goOn()
  }
}

/** One connection. What goes through it arrives a little later, in order. */
class LineEnd implements OpenTransport {
  isSilent = false
  isStalled = false
  /** What waits for the line to go on. */
  readonly #held: (() => void)[] = []
  readonly #hub: MemoryHub
  readonly #sink: TransportSink
  readonly #ends: Set<LineEnd>
  readonly #count: () => void
  #session: MemorySession | undefined
  #isOver = false

  constructor(hub: MemoryHub, sink: TransportSink, ends: Set<LineEnd>, count: () => void) {
    this.#hub = hub
    this.#sink = sink
    this.#ends = ends
    this.#count = count
  }

  begin(): void {
    this.#soon(() => {
      const transport: MemorySessionTransport = {
        name: 'memory',
        bufferedAmount: 0,
        send: (packet) => {
          const text = String(typeof packet === 'string' ? packet : packet.data)
          this.#soon(() => this.#sink.received(text))
        },
        close: ({ code, reason, delayMs }) => {
          const details = { text: reason, ...(delayMs !== undefined && { delayMs }) }
          this.#soon(() => this.#end(() => this.#sink.closed(reasonOfCode(code, details))))
          queueMicrotask(() => this.#leaveHub())
        },
      }
      this.#session = this.#hub.sessions.open(transport)
      this.send(this.#sink.greeting())
    })
  }

  send(text: string): void {
    this.#soon(() => {
      this.#count()
      this.#session?.receive(text)
    })
  }

  close(): void {
    if (this.isSilent) this.#isOver = true
    else if (this.isStalled) {
      this.#isOver = true
      this.#held.push(() => this.#end(() => {}))
    } else this.#end(() => {})
  }

  /** What was held arrives. */
  goOn(): void {
    queueMicrotask(() => {
      this.isStalled = false
      for (const run of this.#held.splice(0)) run()
    })
  }

  /** The hub sees the connection end; this end does not, and nothing comes through any more. */
  loseHub(): void {
    this.isSilent = true
    queueMicrotask(() => this.#leaveHub())
  }

  /** Both sides see the connection end. */
  breakOff(): void {
    const hadSession = this.#session !== undefined
    queueMicrotask(() => this.#end(() => this.#sink.closed(closeReason(hadSession ? 'lost' : 'unreachable'))))
  }

  #soon(run: () => void): void {
    const arrive = (): void => {
      if (this.#isOver || this.isSilent) return
      if (this.isStalled) this.#held.push(arrive)
      else run()
    }
    queueMicrotask(arrive)
  }

  #end(tell: () => void): void {
    this.#ends.delete(this)
    this.#leaveHub()
    if (this.#isOver) return
    this.#isOver = true
    tell()
  }

  #leaveHub(): void {
    const session = this.#session
    this.#session = undefined
    session?.closed()
  }
}
