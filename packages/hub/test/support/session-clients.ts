import {
  Hub,
  type HubOptions,
  type MemoryBrokerOptions,
  type MemoryUse,
  type Session,
  type SessionRequest,
} from '@wigwag/hub'
import type { CommandPacket, Disconnect, Push, ReplyPacket } from '@wigwag/protocol'
import { decodePackets } from '@wigwag/protocol'
import type { EncodedPacket } from '../../src/session/encoded-packet.ts'
import { packetBytes } from '../../src/session/encoded-packet.ts'
import { createManualBroker } from './manual-broker.ts'

/** A hub in a test's hands, and clients in memory that speak to it. */
export interface SessionBench {
  readonly hub: Hub
  /** What functions of the application threw. */
  readonly reports: unknown[]
  /** Milliseconds since 1970, as the hub has them. */
  nowMs(): number
  /** Lets time go by, and everything be done whose time has come: looked at every second, or every `stepMs`. */
  advance(ms: number, stepMs?: number): Promise<void>
  client(request?: SessionRequest): TestClient
}

/** A hub whose clock stands still until it is moved. */
export function createSessionBench(
  options: Partial<HubOptions> & MemoryBrokerOptions = {},
  broker = createManualBroker(options),
  memory?: () => MemoryUse,
  idPrefix = 'id',
): SessionBench {
  const reports: unknown[] = []
  const ticks = new Set<() => void>()
  let ids = 0
  const hub = new Hub(
    { broker: broker.broker, ...options },
    {
      nowMs: () => broker.clock.nowMs,
      elapsedMs: () => broker.clock.nowMs - 500_000,
      createId: () => `${idPrefix}-${ids++}`,
      every: (_intervalMs, run) => {
        ticks.add(run)
        return () => ticks.delete(run)
      },
      prepare: (text) => ({ data: text }),
      toBase64: (bytes) => Buffer.from(bytes).toString('base64'),
      report: (_what, error) => reports.push(error),
      ...(memory && { memory }),
    },
  )
  return {
    hub,
    reports,
    nowMs: () => broker.clock.nowMs,
    advance: async (ms, stepMs = 1000) => {
      for (let left = ms; left > 0; left -= stepMs) {
        broker.clock.nowMs += Math.min(left, stepMs)
        for (const tick of ticks) tick()
        await settled()
      }
    },
    client: (request) => new TestClient(hub, request),
  }
}

/** Resolves when whatever needs no time has been done. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A client whose transport is memory. */
export class TestClient {
  readonly name = 'memory'
  readonly session: Session
  /** All that came, packet by packet. */
  readonly packets: Packet[] = []
  closedWith: Disconnect | undefined
  /** What the transport holds; it takes everything while this is 0. */
  bufferedAmount = 0
  /** Whether it holds what it is given. */
  isStalled = false
  #id = 0

  constructor(hub: Hub, request?: SessionRequest) {
    this.session = hub.sessions.open(this, request)
  }

  send(packet: EncodedPacket | string): void {
    if (this.isStalled) this.bufferedAmount += packetBytes(packet)
    const text = typeof packet === 'string' ? packet : packet.data
    this.packets.push(...((decodePackets(String(text)) ?? []) as Packet[]))
  }

  close(disconnect: Disconnect): void {
    this.closedWith = disconnect
    // One that could not be opened is closed before it is known.
    const session: Session | undefined = this.session
    session?.closed()
  }

  /** The transport writes what it holds. */
  drain(): void {
    this.isStalled = false
    this.bufferedAmount = 0
    this.session.drained()
  }

  /** Sends a packet as it is. */
  write(...packets: unknown[]): void {
    this.session.receive(
      packets.map((packet) => (typeof packet === 'string' ? packet : JSON.stringify(packet))).join('\n'),
    )
  }

  /** Sends a command and returns its answer, if there is one by the time when all is done that needs no time. */
  async ask(command: CommandPacket): Promise<Reply> {
    const id = ++this.#id
    this.write({ id, ...command })
    await settled()
    return this.reply(id)
  }

  /** Connects. Returns the answer. */
  connect(token?: string): Promise<Reply> {
    return this.ask({ connect: token === undefined ? {} : { token } })
  }

  /** The answer to a command, if it has come. */
  reply(id: number): Reply {
    return (this.packets.find((packet) => packet.id === id) ?? {}) as Reply
  }

  /** The pushes that came. */
  get pushes(): Push[] {
    return this.packets.flatMap((packet) => (packet.push === undefined ? [] : [packet.push]))
  }

  /** Data of the publications of a channel that came as pushes. */
  heard(channel: string): unknown[] {
    return this.pushes.flatMap((push) => ('pub' in push && push.channel === channel ? [push.pub.data] : []))
  }

  /** How many pings came. */
  get pings(): number {
    return this.packets.filter((packet) => Object.keys(packet).length === 0).length
  }
}

/** A packet of any kind. */
interface Packet {
  readonly id?: number
  readonly push?: Push
}

/** An answer with any of the fields that one can have. */
export type Reply = Partial<UnionToIntersection<ReplyPacket>>

type UnionToIntersection<U> = (U extends unknown ? (member: U) => void : never) extends (all: infer I) => void
  ? I
  : never

/** A client that is connected. */
export async function connectedClient(bench: SessionBench, token?: string): Promise<TestClient> {
  const client = bench.client()
  await client.connect(token)
  return client
}
