import { Client, type ClientOptions } from '@wigwag/client'
import { ManualClock, MemoryLine } from '@wigwag/client/testing'
import { Hub, type HubOptions, MemoryBroker } from '@wigwag/hub'
import { onTestFinished } from 'vitest'

/** A real hub in memory, on a clock that a test moves, and clients of it. */
export interface MemoryBench {
  readonly hub: Hub
  readonly clock: ManualClock
  readonly line: MemoryLine
  /** What functions of the application threw at the hub. */
  readonly reports: readonly unknown[]
  client(options?: ClientOptions): Client
}

export function createMemoryBench(options: Partial<HubOptions> = {}): MemoryBench {
  const clock = new ManualClock(1_700_000_000_000)
  const reports: unknown[] = []
  let ids = 0
  const broker = new MemoryBroker(
    {},
    { now: () => clock.nowMs(), createEpoch: () => `epoch-${ids++}`, every: (ms, run) => clock.every(ms, run) },
  )
  const hub = new Hub(
    { broker, ...options },
    {
      nowMs: () => clock.nowMs(),
      elapsedMs: () => clock.nowMs(),
      createId: () => `session-${ids++}`,
      every: (intervalMs, run) => clock.every(intervalMs, run),
      prepare: (text) => ({ data: text }),
      toBase64: (bytes) => Buffer.from(bytes).toString('base64'),
      report: (_what, error) => reports.push(error),
    },
  )
  const line = new MemoryLine(hub)
  onTestFinished(() => hub.close())
  return {
    hub,
    clock,
    line,
    reports,
    client: (clientOptions = {}) => {
      const client = new Client('http://hub.test/', {
        transports: [line],
        environment: clock.environment(),
        ...clientOptions,
      })
      onTestFinished(() => client[Symbol.asyncDispose]())
      return client
    },
  }
}

/** The same with a hub to which a token is the name of its user, and which tells whose session it is. */
export function createUserBench(): MemoryBench {
  return createMemoryBench({
    authenticate: ({ token }) => ({ user: token ?? '' }),
    rpc: { whoAmI: (_data, { user }) => user },
  })
}
