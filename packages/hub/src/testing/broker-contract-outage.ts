import { type BrokerContractEntry, BrokerProbe, dataOf, standOf } from './broker-subject.ts'
import { assertKept, assertSame, rejectionOf } from './contract-assertions.ts'

const NONE = { size: 0, ttlMs: 60_000 }

/** The store goes away and comes back. Brokers that cannot lose theirs pass these over. */
export const outageCases: readonly BrokerContractEntry[] = [
  {
    name: 'while the store is away, publish and history are refused with ERR_BROKER_UNAVAILABLE, and the status says why',
    async check(probe) {
      const { outage } = probe.subject
      if (outage === undefined) return
      const { broker } = probe
      await broker.subscribe('a')
      const before = standOf(await broker.history('a'))
      await outage.begin()
      assertKept(broker.status.state === 'disconnected' && broker.status.why !== '', 'the status says why')
      const asks = [() => broker.publish('a', 'never'), () => broker.history('a', before), () => broker.history('a')]
      for (const ask of asks) {
        assertSame((await rejectionOf(ask())).code, 'ERR_BROKER_UNAVAILABLE', 'the error says what is wrong')
      }
      await outage.end()
      assertSame(broker.status, { state: 'connected' }, 'the status says that the store is back')
      await broker.publish('a', 'behind')
      await probe.untilTold('a', 1)
      assertSame(dataOf(await broker.history('a', before)), ['behind'], 'what was refused was not stored')
      assertSame(dataOf({ ...(await broker.history('a')), publications: probe.told('a') }), ['behind'], 'nor told')
    },
  },
  {
    name: 'when the store is back, missed is told of every channel that is subscribed to, and telling goes on',
    async check(probe) {
      const { outage } = probe.subject
      if (outage === undefined) return
      const { broker } = probe
      const witness = await BrokerProbe.start(probe.subject, outage.createWitness())
      try {
        for (const channel of ['a', 'b', 'left']) await broker.subscribe(channel)
        await broker.unsubscribe('left')
        const before = standOf(await broker.history('a'))
        await outage.begin()
        await witness.broker.publish('a', 'meanwhile')
        await outage.end()
        assertSame([...probe.missed].sort(), ['a', 'b'], 'missed is told of each, once')
        assertSame(dataOf(await broker.history('a', before)), ['meanwhile'], 'what was missed is in history')
        await witness.broker.publish('a', 'behind')
        await probe.untilTold('a', 1)
        assertSame(probe.told('a').at(-1)?.data, 'behind', 'telling goes on')
      } finally {
        await witness.broker.close()
      }
    },
  },
  {
    name: 'subscribe and unsubscribe are remembered while the store is away',
    async check(probe) {
      const { outage } = probe.subject
      if (outage === undefined) return
      const { broker } = probe
      await broker.subscribe('left')
      await outage.begin()
      await broker.subscribe('a')
      await broker.unsubscribe('left')
      await outage.end()
      await broker.publish('left', 'unheard')
      await broker.publish('a', 'heard')
      await probe.untilTold('a', 1)
      assertSame(probe.told('left'), [], 'nothing is told of what was left')
      assertSame(probe.missed, ['a'], 'missed is told of what was subscribed to')
    },
  },
  {
    name: 'without history, publications while the store is away are told to this hub alone, marked degraded',
    history: NONE,
    async check(probe) {
      const { outage } = probe.subject
      if (outage === undefined) return
      const { broker } = probe
      const witness = await BrokerProbe.start(probe.subject, outage.createWitness())
      try {
        for (const each of [broker, witness.broker]) await each.subscribe('a')
        await outage.begin()
        const publication = await broker.publish('a', 'here')
        assertSame(publication.degraded, true, 'it is marked')
        assertSame(await probe.untilTold('a', 1), [publication], 'it is told here')
        await outage.end()
        const whole = await broker.publish('a', 'everywhere')
        assertSame(whole.degraded, undefined, 'what is told everywhere is not marked')
        assertSame((await witness.untilTold('a', 1))[0]?.data, 'everywhere', 'it was told nowhere else')
      } finally {
        await witness.broker.close()
      }
    },
  },
]
