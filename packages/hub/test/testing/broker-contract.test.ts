import type { Broker, BrokerListener, Publication } from '@wigwag/hub'
import { brokerContract, ContractBreach } from '@wigwag/hub/testing'
import { expect, test } from 'vitest'
import { createManualBroker } from '../support/manual-broker.ts'
import { RemoteBroker, RemoteStore } from '../support/remote-broker.ts'

type Fault = (broker: Broker) => Partial<Broker>

/** Wraps a listener. */
const telling =
  (wrap: (listener: BrokerListener) => BrokerListener): Fault =>
  (broker) => ({ start: (listener) => broker.start(wrap(listener)) })

const FAULTS: [string, Fault][] = [
  [
    'gives an offset twice',
    (broker) => ({
      publish: async (...asked) => {
        const publication = await broker.publish(...asked)
        return { ...publication, position: { epoch: 'epoch-1', offset: 1 } }
      },
    }),
  ],
  [
    'changes its epoch on the way',
    (broker) => ({
      publish: async (...asked) => {
        const { position, ...publication } = await broker.publish(...asked)
        return { ...publication, position: { offset: position?.offset ?? 0, epoch: `epoch-${position?.offset}` } }
      },
    }),
  ],
  [
    'takes an empty string for nothing',
    (broker) => ({ publish: (channel, data, options) => broker.publish(channel, data || null, options) }),
  ],
  [
    'turns bytes into text',
    (broker) => ({
      publish: (channel, data, options) =>
        broker.publish(channel, data instanceof Uint8Array ? String(data) : data, options),
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
      history: (channel, from, range) =>
        broker.history(channel, from === 'latest' ? { epoch: 'epoch-1', offset: 0 } : from, range),
    }),
  ],
  [
    'knows no latest',
    (broker) => ({
      history: (channel, from, range) => broker.history(channel, from === 'latest' ? undefined : from, range),
    }),
  ],
  [
    'takes an expired latest for a gap',
    (broker) => ({
      history: async (channel, from, range) => {
        const history = await broker.history(channel, from, range)
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
  [
    'takes no notice of keys',
    (broker) => ({
      publish: (channel, data, { idempotencyKey, ...options } = {}) => broker.publish(channel, data, options),
    }),
  ],
  [
    'shares keys among channels',
    (broker) => {
      const known = new Map<string, Publication>()
      return {
        publish: async (channel, data, { idempotencyKey, ...options } = {}) => {
          const publication = known.get(idempotencyKey ?? '') ?? (await broker.publish(channel, data, options))
          if (idempotencyKey !== undefined) known.set(idempotencyKey, publication)
          return publication
        },
      }
    },
  ],
  [
    'forgets tags',
    (broker) => ({ publish: (channel, data, { tags, ...options } = {}) => broker.publish(channel, data, options) }),
  ],
  [
    'forgets who published',
    (broker) => ({ publish: (channel, data, { info, ...options } = {}) => broker.publish(channel, data, options) }),
  ],
  [
    'tells tags and does not store them',
    (broker) => ({
      history: async (...asked) => {
        const history = await broker.history(...asked)
        return { ...history, publications: history.publications.map(({ tags, ...publication }) => publication) }
      },
    }),
  ],
  [
    'stores tags and does not tell them',
    telling((listener) => ({ ...listener, publication: ({ tags, ...told }) => listener.publication(told) })),
  ],
  [
    'takes no notice of a limit',
    (broker) => ({
      history: (channel, from, range) => {
        const { limit, ...rest } = range ?? {}
        return broker.history(channel, from, range && limit !== 0 ? rest : range)
      },
    }),
  ],
  [
    'takes a limit of none for no limit',
    (broker) => ({
      history: (channel, from, range) => {
        const { limit, ...rest } = range ?? {}
        return broker.history(channel, from, range && limit === 0 ? rest : range)
      },
    }),
  ],
  [
    'takes no notice of the direction',
    (broker) => ({
      history: (channel, from, range) => broker.history(channel, from, range && { ...range, reverse: false }),
    }),
  ],
  [
    'limits from the wrong end',
    (broker) => ({
      history: async (channel, from, range) => {
        const history = await broker.history(channel, from, range && { reverse: range.reverse ?? false })
        const { length } = history.publications
        return {
          ...history,
          publications: history.publications.slice(length - Math.min(length, range?.limit ?? length)),
        }
      },
    }),
  ],
  [
    'says that it stands at what it read last',
    (broker) => ({
      history: async (...asked) => {
        const history = await broker.history(...asked)
        return { ...history, position: history.publications.at(-1)?.position ?? history.position }
      },
    }),
  ],
  [
    'counts a position among those before it',
    (broker) => ({
      history: (channel, from, range) =>
        typeof from === 'object' && range?.reverse === true
          ? broker.history(channel, { ...from, offset: from.offset + 1 }, range)
          : broker.history(channel, from, range),
    }),
  ],
  [
    'tells no gap to whoever asks for a part',
    (broker) => ({
      history: async (channel, from, range) => {
        const history = await broker.history(channel, from, range)
        return range === undefined ? history : { ...history, gap: undefined }
      },
    }),
  ],
  [
    'tells a gap going back as it does going forwards',
    (broker) => ({
      history: async (channel, from, range) => {
        const { gap } = await broker.history(channel, from)
        return { ...(await broker.history(channel, from, range)), gap }
      },
    }),
  ],
  [
    'reads all when only the position is asked for',
    (broker) => ({ history: (channel, from, range) => broker.history(channel, from, range ?? {}) }),
  ],
  ['has one history for all', telling((listener) => ({ ...listener, historyOf: () => undefined }))],
  ...(['size', 'ttlMs', 'maxBytes'] as const).map((limit): [string, Fault] => [
    `takes no notice of a channel's own ${limit}`,
    telling((listener) => ({
      ...listener,
      historyOf: (channel) => {
        const history = listener.historyOf(channel)
        return history && { ...history, [limit]: limit === 'size' && history.size === 0 ? 0 : 100_000 }
      },
    })),
  ]),
  ['removes nothing', () => ({ removeHistory: async () => {} })],
  [
    'removes the history of all channels',
    (broker) => ({
      removeHistory: async () => {
        for (const channel of ['a', 'b']) await broker.removeHistory(channel)
      },
    }),
  ],
  [
    'passes over what it removed',
    (broker) => {
      const removed = new Set<string>()
      return {
        removeHistory: async (channel) => {
          removed.add(channel)
          await broker.removeHistory(channel)
        },
        history: async (channel, ...asked) => {
          const history = await broker.history(channel, ...asked)
          return removed.has(channel) ? { ...history, gap: undefined } : history
        },
      }
    },
  ],
  [
    'forgets keys with the history',
    (broker) => {
      let removals = 0
      return {
        removeHistory: async (channel) => {
          removals++
          await broker.removeHistory(channel)
        },
        publish: (channel, data, { idempotencyKey, ...options } = {}) =>
          broker.publish(channel, data, {
            ...options,
            ...(idempotencyKey !== undefined && { idempotencyKey: removals === 0 ? idempotencyKey : `${removals}` }),
          }),
      }
    },
  ],
  ['announces nothing', () => ({ announce: async () => {} })],
  [
    'announces that who leaves joins',
    (broker) => ({ announce: (channel, _kind, info) => broker.announce(channel, 'join', info) }),
  ],
  [
    'announces ids alone',
    (broker) => ({
      announce: (channel, kind, { client, user }) => broker.announce(channel, kind, { client, user }),
    }),
  ],
  [
    'announces twice',
    (broker) => ({
      announce: async (...asked) => {
        for (let i = 0; i < 2; i++) await broker.announce(...asked)
      },
    }),
  ],
  [
    'announces to who is not subscribed',
    (broker) => {
      let listener: BrokerListener | undefined
      return {
        start: (told) => {
          listener = told
          return broker.start(told)
        },
        announce: async (channel, kind, info) => {
          if (kind === 'join') listener?.joined(channel, info)
          else listener?.left(channel, info)
        },
      }
    },
  ],
  [
    'announces leaves before joins',
    (broker) => ({
      announce: async (channel, kind, info) => {
        if (kind === 'join') await Promise.resolve()
        await broker.announce(channel, kind, info)
      },
    }),
  ],
  [
    'stores who comes and goes',
    (broker) => ({
      announce: async (channel, kind, info) => {
        await broker.publish(channel, { kind })
        await broker.announce(channel, kind, info)
      },
    }),
  ],
  ['does not tell the sender', telling((listener) => ({ ...listener, control: () => {} }))],
  [
    'tells hubs twice',
    (broker) => ({
      tell: async (message) => {
        await broker.tell(message)
        return broker.tell(message)
      },
    }),
  ],
  ['does not know that there is nobody', (broker) => ({ tell: (...told) => broker.tell(...told).then(() => true) })],
  ['tells one hub what is for another', (broker) => ({ tell: (message) => broker.tell(message) })],
  [
    'does not tell one hub alone',
    (broker) => ({ tell: (message, hub) => (hub === undefined ? broker.tell(message) : Promise.resolve(true)) }),
  ],
  ['tells hubs nothing that is empty', (broker) => ({ tell: (message) => broker.tell(message || 'nothing') })],
]

/** Everything here happens in microtasks: what has not by then never will. */
const stuck = (): Promise<string> => new Promise((resolve) => setImmediate(() => setImmediate(() => resolve('stuck'))))

async function verdicts(fault: Fault): Promise<string[]> {
  const found: string[] = []
  for (const { name, run } of brokerContract) {
    const running = run((history) => {
      const { broker, clock } = createManualBroker({ history })
      const subject = Object.assign(broker, fault(forwarded(broker)))
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
  [
    'announces later what it could not announce at once',
    (broker) => ({
      announce: async (...asked) => {
        try {
          await broker.announce(...asked)
        } catch (error) {
          broker.whenBack(() => broker.announce(...asked))
          throw error
        }
      },
    }),
  ],
  [
    'announces here alone',
    (broker) => {
      let own: string | undefined
      return {
        start: (listener) =>
          broker.start({
            ...listener,
            joined: (channel, info) => {
              if (own === info.client) listener.joined(channel, info)
            },
          }),
        announce: async (channel, kind, info) => {
          own = info.client
          await broker.announce(channel, kind, info)
          own = undefined
        },
      }
    },
  ],
  [
    'tells hubs nothing in an outage, and does not say so',
    (broker) => ({ tell: (message) => broker.tell(message).catch(() => true) }),
  ],
  [
    'tells hubs later what it could not tell at once',
    (broker) => ({
      tell: async (message) => {
        try {
          return await broker.tell(message)
        } catch (error) {
          broker.whenBack(() => broker.tell(message))
          throw error
        }
      },
    }),
  ],
  [
    'tells this hub alone',
    (broker) => {
      let isOwn = false
      return {
        start: (listener) =>
          broker.start({
            ...listener,
            control: (message) => {
              if (isOwn) listener.control(message)
            },
          }),
        tell: async (message) => {
          isOwn = true
          const told = await broker.tell(message)
          isOwn = false
          return told
        },
      }
    },
  ],
  [
    'removes a history later that it could not remove at once',
    (broker) => ({
      removeHistory: async (channel) => {
        try {
          await broker.removeHistory(channel)
        } catch (error) {
          broker.whenBack(() => broker.removeHistory(channel))
          throw error
        }
      },
    }),
  ],
  [
    'forgets tags of what only it was told',
    (broker) => ({
      publish: (channel, data, options = {}) => {
        const { tags, ...rest } = options
        return broker.publish(channel, data, broker.status.state === 'connected' ? options : rest)
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
      const { status, ...methods } = forwarded(honest)
      const broker = Object.assign(Object.create(honest) as Broker, methods, fault(honest))
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

/** A broker's methods as they are now: private fields live in the object itself, not in one that inherits from it. */
function forwarded(broker: Broker): Broker {
  const methods = [
    ...['start', 'publish', 'subscribe', 'unsubscribe', 'history', 'removeHistory', 'announce', 'tell', 'close'],
  ] as const
  const bound = Object.fromEntries(
    methods.map((name) => [name, (broker[name as 'close'] as () => Promise<void>).bind(broker)]),
  )
  return { ...bound, status: broker.status } as unknown as Broker
}

test.each(OUTAGE_FAULTS)('the contract of brokers finds one that %s', async (_what, fault) => {
  expect(await outageVerdicts(fault)).not.toEqual([])
})

test('and finds nothing wrong with one that keeps it through outages', async () => {
  expect(await outageVerdicts(() => ({}))).toEqual([])
})
