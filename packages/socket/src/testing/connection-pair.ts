import { Connection, type ConnectionOptions, ConnectionProfile, type ExtensionChain, type Role } from '../core/index.ts'
import { ManualClock } from './manual-clock.ts'
import { RecordingSink } from './recording-sink.ts'

/** A connection with its sink and its clock, in a test's hands. */
export interface TestConnection {
  readonly connection: Connection
  readonly sink: RecordingSink
  readonly clock: ManualClock
}

/** What a test may choose; randomness is fixed so that runs repeat. */
export interface TestConnectionOptions extends ConnectionOptions {
  /** What was negotiated. Default: no extension. */
  readonly extensions?: ExtensionChain
  readonly clock?: ManualClock
  /** Numbers from 0 up to 1. Default: always 0.5, so that keepalive's jitter is none. */
  readonly random?: () => number
}

/** An open connection of `role` that records what it tells. */
export function openConnection(role: Role, options: TestConnectionOptions = {}): TestConnection {
  const { extensions, clock = new ManualClock(), random = () => 0.5, ...connectionOptions } = options
  let key = 0x1234_5678
  const randomKey = (): number => (key = Math.imul(key, 1_664_525) + 1_013_904_223)
  const sink = new RecordingSink()
  const profile = new ConnectionProfile(role, connectionOptions, { random, randomKey })
  return { connection: new Connection(profile, sink, clock.nowMs, extensions), sink, clock }
}

/** A client and a server whose bytes are carried by hand. */
export class ConnectionPair {
  readonly client: TestConnection
  readonly server: TestConnection

  constructor(options: TestConnectionOptions = {}) {
    const clock = options.clock ?? new ManualClock()
    this.client = openConnection('client', { ...options, clock })
    this.server = openConnection('server', { ...options, clock })
  }

  /** Carries bytes both ways until neither side has more to say; half-closes are carried behind them. */
  settle(): void {
    const ends = [
      { from: this.client, to: this.server, ended: false },
      { from: this.server, to: this.client, ended: false },
    ]
    for (let moved = true; moved; ) {
      moved = false
      for (const end of ends) {
        const bytes = end.from.sink.takeBytes()
        if (bytes.length > 0) {
          end.to.connection.receive(bytes, end.to.clock.nowMs)
          moved = true
        }
        const finished = end.from.sink.events.some(
          ({ type }) => type === 'end' || type === 'destroy' || type === 'closed',
        )
        if (finished && !end.ended) {
          end.ended = true
          end.to.connection.receiveEnd(end.to.clock.nowMs)
          moved = true
        }
      }
    }
  }
}
