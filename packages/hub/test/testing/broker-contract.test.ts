import type { Broker, BrokerListener, MemoryBroker, Publication } from '@wigwag/hub'
import { brokerContract, ContractBreach } from '@wigwag/hub/testing'
import { expect, test } from 'vitest'
import { createManualBroker } from '../support/manual-broker.ts'
import { RemoteBroker, RemoteStore } from '../support/remote-broker.ts'

type Fault = (broker: MemoryBroker) => Partial<Broker>

/** Wraps a listener. */
const telling =
  (wrap: (listener: BrokerListener) => BrokerListener): Fault =>
  (broker) => ({ start: (listener) => broker.start(wrap(listener)) })

const FAULTS: [string, Fault][] = [
  [
    'gives an offset twice',
    (broker) => ({
      publish: async (channel, data) => {
        const publication = await broker.publish(channel, data)
        return { ...publication, position: { epoch: 'epoch-1', offset: 1 } }
      },
    }),
  ],
  [
    'changes its epoch on the way',
    (broker) => ({
      publish: async (channel, data) => {
        const { position, ...publication } = await broker.publish(channel, data)
        return { ...publication, position: { offset: position?.offset ?? 0, epoch: `epoch-${position?.offset}` } }
      },
    }),
  ],
  [
    'takes an empty string for nothing',
    (broker) => ({ publish: (channel, data) => broker.publish(channel, data || null) }),
  ],
  [
    'turns bytes into text',
    (broker) => ({
      publish: (channel, data) => broker.publish(channel, data instanceof Uint8Array ? String(data) : data),
    }),
  ],
  [
    'keeps its gaps to itself',
    (broker) => ({ history: async (...asked) => ({ ...(await broker.history(...asked)), gap: undefined }) }),
  ],
  [
    'takes every gap for an expiry',
    (broker) => ({
      history: async (...asked) => {
        const { gap, ...history } = await broker.history(...asked)
        return { ...history, gap: gap && { ...gap, reason: 'history-expired' } }
      },
    }),
  ],
  [
    'gives the history from the newest on',
    (broker) => ({
      history: async (...asked) => {
        const history = await broker.history(...asked)
        return { ...history, publications: [...history.publications].reverse() }
      },
    }),
  ],
  [
    'has the oldest for the latest',
    (broker) => ({
      history: (channel, from) => broker.history(channel, from === 'latest' ? { epoch: 'epoch-1', offset: 0 } : from),
    }),
  ],
  [
    'knows no latest',
    (broker) => ({ history: (channel, from) => broker.history(channel, from === 'latest' ? undefined : from) }),
  ],
  [
    'takes an expired latest for a gap',
    (broker) => ({
      history: async (channel, from) => {
        const history = await broker.history(channel, from)
        if (from !== 'latest' || history.publications.length > 0 || history.position?.offset === 0) return history
        const after = { epoch: 'epoch-1', offset: 0 }
        return { ...history, gap: { reason: 'history-expired', after, position: history.position } }
      },
    }),
  ],
  ['never stops telling', () => ({ unsubscribe: async () => {} })],
  [
    'does not tell again',
    (broker) => {
      const subscribed = new Set<string>()
      return {
        subscribe: async (channel) => {
          if (!subscribed.has(channel)) await broker.subscribe(channel)
          subscribed.add(channel)
        },
      }
    },
  ],
  [
    'tells everything twice',
    telling((listener) => ({
      ...listener,
      publication: (publication) => {
        listener.publication(publication)
        listener.publication(publication)
      },
    })),
  ],
  [
    'tells in pairs, the second first',
    telling((listener) => {
      let first: Parameters<BrokerListener['publication']>[0] | undefined
      return {
        ...listener,
        publication: (publication) => {
          if (first === undefined) {
            first = publication
            return
          }
          listener.publication(publication)
          listener.publication(first)
          first = undefined
        },
      }
    }),
  ],
  ['goes on after close', () => ({ close: async () => {} })],
  ['takes no notice of keys', (broker) => ({ publish: (channel, data) => broker.publish(channel, data) })],
  [
    'shares keys among channels',
    (broker) => {
      const known = new Map<string, Publication>()
      return {
        publish: async (channel, data, { idempotencyKey } = {}) => {
          const publication = known.get(idempotencyKey ?? '') ?? (await broker.publish(channel, data))
          if (idempotencyKey !== undefined) known.set(idempotencyKey, publication)
          return publication
        },
      }
    },
  ],
]

/** Everything here happens in microtasks: what has not by then never will. */
const stuck = (): Promise<string> => new Promise((resolve) => setImmediate(() => setImmediate(() => resolve('stuck'))))

async function verdicts(fault: Fault): Promise<string[]> {
  const found: string[] = []
  for (const { name, run } of brokerContract) {
    const running = run((history) => {
      const { broker, clock } = createManualBroker({ history })
      const own = { publish: broker.publish, history: broker.history, subscribe: broker.subscribe, start: broker.start }
      const bound = Object.fromEntries(Object.entries(own).map(([key, method]) => [key, method.bind(broker)]))
      const subject = Object.assign(broker, fault(bound as unknown as MemoryBroker))
      return {
        broker: subject,
        advance: (ms) => {
          clock.nowMs += ms
        },
      }
    })
    const outcome = await Promise.race([
      running.then(
        () => 'kept',
        (error: unknown) => {
          if (!(error instanceof ContractBreach)) throw error
          return `breach: ${error.message}`
        },
      ),
      stuck(),
    ])
    if (outcome !== 'kept') found.push(`${name}: ${outcome}`)
  }
  return found
}

test.each(FAULTS)('the contract of brokers finds one that %s', async (_what, fault) => {
  expect(await verdicts(fault)).not.toEqual([])
})

test('and finds nothing wrong with one that keeps it', async () => {
  expect(await verdicts(() => ({}))).toEqual([])
})

const OUTAGE_FAULTS: [string, (broker: RemoteBroker) => Partial<Broker>][] = [
  ['never says missed', (broker) => ({ start: (listener) => broker.start({ ...listener, missed: () => {} }) })],
  [
    'says missed of channels that were left',
    (broker) => ({
      start: (listener) =>
        broker.start({
          ...listener,
          missed: (channel) => {
            for (const each of [channel, 'left']) listener.missed(each)
          },
        }),
    }),
  ],
  [
    'forgets its subscriptions in an outage',
    (broker) => ({
      subscribe: async (channel) => {
        if (broker.status.state === 'connected') await broker.subscribe(channel)
      },
    }),
  ],
  [
    'stores later what it could not store at once',
    (broker) => ({
      publish: async (channel, data, options) => {
        try {
          return await broker.publish(channel, data, options)
        } catch (error) {
          broker.whenBack(() => broker.publish(channel, data, options))
          throw error
        }
      },
    }),
  ],
  [
    'refuses without a code',
    (broker) => ({
      history: (channel, from) => broker.history(channel, from).catch(() => Promise.reject(new Error('no'))),
    }),
  ],
  [
    'does not mark what only it was told',
    (broker) => ({
      publish: async (channel, data, options) => {
        const { degraded, ...publication } = await broker.publish(channel, data, options)
        return publication
      },
    }),
  ],
]

async function outageVerdicts(fault: (broker: RemoteBroker) => Partial<Broker>): Promise<string[]> {
  const found: string[] = []
  for (const { name, run } of brokerContract) {
    const running = run((history) => {
      const store = new RemoteStore({ history })
      const honest = new RemoteBroker(store)
      const broker = Object.assign(Object.create(honest) as Broker, forwarded(honest), fault(honest))
      return { broker, advance: (ms) => store.advance(ms), outage: store.outageOf(honest) }
    })
    const outcome = await Promise.race([
      running.then(
        () => 'kept',
        (error: Error) => `breach: ${error.message}`,
      ),
      stuck(),
    ])
    if (outcome !== 'kept') found.push(`${name}: ${outcome}`)
  }
  return found
}

/** Private fields live in the object itself, not in one that inherits from it. */
function forwarded(broker: RemoteBroker): Partial<Broker> {
  return {
    start: (listener) => broker.start(listener),
    publish: (...asked) => broker.publish(...asked),
    subscribe: (channel) => broker.subscribe(channel),
    unsubscribe: (channel) => broker.unsubscribe(channel),
    history: (...asked) => broker.history(...asked),
    close: () => broker.close(),
  }
}

test.each(OUTAGE_FAULTS)('the contract of brokers finds one that %s', async (_what, fault) => {
  expect(await outageVerdicts(fault)).not.toEqual([])
})

test('and finds nothing wrong with one that keeps it through outages', async () => {
  expect(await outageVerdicts(() => ({}))).toEqual([])
})
