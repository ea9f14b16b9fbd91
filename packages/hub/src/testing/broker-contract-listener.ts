import { type BrokerContractEntry, dataOf, positionOf, standOf } from './broker-subject.ts'
import { assertKept, assertSame } from './contract-assertions.ts'

/** Carrying: what the listener is told, and when. */
export const listenerCases: readonly BrokerContractEntry[] = [
  {
    name: 'the listener is told of a subscribed channel in the order of offsets, each publication once, as it was stored',
    async check(probe) {
      const { broker } = probe
      await broker.subscribe('a')
      const numbers = Array.from({ length: 50 }, (_, i) => i)
      const published = await Promise.all(numbers.map((i) => broker.publish('a', i)))
      const told = await probe.untilTold('a', numbers.length)
      const sorted = [...published].sort((x, y) => positionOf(x).offset - positionOf(y).offset)
      assertSame(told, sorted, 'the listener is told what was stored, in the order of offsets')
      await broker.publish('a', 'last')
      assertSame((await probe.untilTold('a', numbers.length + 1)).length, numbers.length + 1, 'none is told twice')
    },
  },
  {
    name: 'the listener is told of subscribed channels only',
    async check(probe) {
      const { broker } = probe
      await broker.subscribe('a')
      await broker.publish('b', 'not for us')
      await broker.publish('a', 'for us')
      await probe.untilTold('a', 1)
      assertSame(probe.told('b'), [], 'nothing is told of a channel that was never subscribed to')
    },
  },
  {
    name: 'nothing that is stored after subscribe resolved is missed, and what was stored before is in history',
    async check(probe) {
      const { broker } = probe
      const before = standOf(await broker.history('a'))
      const numbers = Array.from({ length: 20 }, (_, i) => i)
      const early = numbers.map((i) => broker.publish('a', i))
      await broker.subscribe('a')
      const late = numbers.map((i) => broker.publish('a', numbers.length + i))
      await Promise.all([...early, ...late])
      await broker.publish('a', 'last')
      while (probe.told('a').at(-1)?.data !== 'last') await probe.untilTold('a', probe.told('a').length + 1)
      const known = [...dataOf(await broker.history('a', before))]
      assertSame(known.length, 2 * numbers.length + 1, 'history has all')
      const told = new Set(probe.told('a').map(({ data }) => data))
      const missed = numbers.map((i) => numbers.length + i).filter((i) => !told.has(i))
      assertSame(missed, [], 'nothing stored after subscribe resolved is missed')
    },
  },
  {
    name: 'unsubscribe stops the telling, and subscribe starts it again',
    async check(probe) {
      const { broker } = probe
      await broker.subscribe('fence')
      await broker.subscribe('a')
      await broker.publish('a', 'heard')
      await probe.untilTold('a', 1)
      await broker.unsubscribe('a')
      await broker.publish('a', 'unheard')
      await broker.publish('fence', 0)
      await probe.untilTold('fence', 1)
      assertSame(probe.told('a').length, 1, 'nothing is told after unsubscribe')
      await broker.subscribe('a')
      await broker.publish('a', 'heard again')
      const told = await probe.untilTold('a', 2)
      assertSame(told[1]?.data, 'heard again', 'telling starts again from then on')
    },
  },
  {
    name: 'subscribe and unsubscribe take effect in the order of the calls, also when nobody waits in between',
    async check(probe) {
      const { broker } = probe
      await Promise.all([broker.subscribe('left'), broker.unsubscribe('left'), broker.subscribe('a')])
      await Promise.all([broker.unsubscribe('a'), broker.subscribe('a')])
      await broker.publish('left', 'unheard')
      await broker.publish('a', 'heard')
      await probe.untilTold('a', 1)
      assertSame(probe.told('left'), [], 'the last call was unsubscribe')
    },
  },
  {
    name: 'subscribing twice is like once: each publication is told once, and one unsubscribe ends it',
    async check(probe) {
      const { broker } = probe
      await broker.subscribe('fence')
      await Promise.all([broker.subscribe('a'), broker.subscribe('a')])
      await broker.publish('a', 'once')
      await broker.publish('fence', 0)
      await probe.untilTold('fence', 1)
      assertSame((await probe.untilTold('a', 1)).length, 1, 'a publication is told once')
      await broker.unsubscribe('a')
      await broker.publish('a', 'unheard')
      await broker.publish('fence', 1)
      await probe.untilTold('fence', 2)
      assertSame(probe.told('a').length, 1, 'nothing is told after unsubscribe')
    },
  },
  {
    name: 'unsubscribing from a channel that was never subscribed to does nothing',
    async check({ broker }) {
      await broker.unsubscribe('a')
    },
  },
  {
    name: 'nothing is told after close, and closing twice is like once',
    async check(probe) {
      const { broker } = probe
      await broker.subscribe('a')
      await broker.publish('a', 'heard')
      await probe.untilTold('a', 1)
      await broker.close()
      // A closed broker may refuse to publish; what it must not do is tell.
      await broker.publish('a', 'unheard').catch(() => {})
      await broker.close()
      assertKept(probe.told('a').length === 1, 'the listener is told nothing after close')
    },
  },
]
