import type { ClientInfo } from '@wigwag/protocol'
import { type BrokerContractEntry, BrokerProbe } from './broker-subject.ts'
import { assertSame, rejectionOf } from './contract-assertions.ts'

const ada: ClientInfo = { client: 'c1', user: 'ada', conn_info: { name: 'Ada', at: [1, null, 'ü:{}'] } }
const ben: ClientInfo = { client: '::c2', user: '', chan_info: 'x\u0000\n"' }

/** Runs `act` with another hub beside the subject's own; with none where there cannot be one. */
async function withOther(probe: BrokerProbe, act: (other: BrokerProbe) => Promise<void>): Promise<void> {
  const { outage } = probe.subject
  if (outage === undefined) return
  const other = await BrokerProbe.start(probe.subject, outage.createWitness(), probe.histories, 'hub-2')
  try {
    await act(other)
  } finally {
    await other.broker.close()
  }
}

/** What is told and stored nowhere: who comes and goes, and what hubs tell each other. */
export const announcementCases: readonly BrokerContractEntry[] = [
  {
    name: 'who comes and goes is told of subscribed channels only, once, in the order of the calls',
    async check(probe) {
      const { broker } = probe
      await broker.subscribe('fence')
      await broker.subscribe('a')
      await broker.announce('a', 'join', ada)
      await broker.announce('b', 'join', ada)
      await Promise.all([broker.announce('a', 'join', ben), broker.announce('a', 'leave', ada)])
      await broker.announce('fence', 'leave', ben)
      await probe.until(() => probe.announced.at(-1)?.channel === 'fence')
      const expected = [
        { channel: 'a', kind: 'join', info: ada },
        { channel: 'a', kind: 'join', info: ben },
        { channel: 'a', kind: 'leave', info: ada },
        { channel: 'fence', kind: 'leave', info: ben },
      ]
      assertSame(probe.announced, expected, 'each is told once, as it was given')
      await broker.unsubscribe('a')
      await broker.announce('a', 'leave', ben)
      await broker.announce('fence', 'join', ben)
      await probe.until(() => probe.announced.length > 4)
      assertSame(probe.announced.length, 5, 'nothing is told of a channel that was left')
    },
  },
  {
    name: 'who comes and goes is stored nowhere, and is no publication',
    async check(probe) {
      const { broker } = probe
      await broker.subscribe('a')
      const before = await broker.history('a')
      await broker.announce('a', 'join', ada)
      await broker.publish('a', 1)
      await probe.untilTold('a', 1)
      const { publications, position } = await broker.history('a', before.position)
      assertSame(
        publications.map(({ data }) => data),
        [1],
        'history has publications alone',
      )
      assertSame(position?.offset, (before.position?.offset ?? 0) + 1, 'and it takes no offset')
      assertSame(probe.told('a').length, 1, 'the listener is told of publications alone')
      assertSame(probe.missed, [], 'and of nothing missed')
    },
  },
  {
    name: 'who comes and goes is told without history, and to every hub that is subscribed',
    histories: { none: { size: 0, ttlMs: 60_000, maxBytes: 1000 } },
    async check(probe) {
      const { broker } = probe
      await broker.subscribe('none')
      await broker.announce('none', 'join', ada)
      await probe.until(() => probe.announced.length > 0)
      assertSame(probe.announced, [{ channel: 'none', kind: 'join', info: ada }], 'it is told')
      await withOther(probe, async (other) => {
        await broker.subscribe('a')
        await other.broker.subscribe('a')
        await other.broker.announce('none', 'leave', ada)
        await other.broker.announce('a', 'join', ben)
        for (const each of [probe, other]) await each.until(() => each.announced.at(-1)?.channel === 'a')
        const told = other.announced.map(({ channel }) => channel)
        assertSame(told, ['a'], 'the other is told of its channel, whoever announced it')
        assertSame(probe.announced.length, 3, 'and this one of both')
      })
    },
  },
  {
    name: 'what a hub tells all of them is told to each, the sender included, once and in order',
    async check(probe) {
      const messages = ['', 'plain', '{"json":["ž",":"]}', '\u0000\r\n🐎', 'x'.repeat(100_000)]
      for (const message of messages) await probe.broker.tell(message)
      await probe.until(() => probe.controls.length >= messages.length)
      assertSame(probe.controls, messages, 'the sender is told')
      await withOther(probe, async (other) => {
        await Promise.all(messages.map((message) => other.broker.tell(message)))
        await probe.broker.tell('last')
        for (const each of [probe, other]) await each.until(() => each.controls.at(-1) === 'last')
        assertSame(other.controls, [...messages, 'last'], 'the other is told what came since it started')
        assertSame(probe.controls, [...messages, ...messages, 'last'], 'and so is this one')
      })
    },
  },
  {
    name: 'what is told to one hub is told to it alone, once, and to nobody when it is not there',
    async check(probe) {
      const { broker } = probe
      assertSame(await broker.tell('unheard', 'hub-3'), false, 'it is known that there is nobody of an id')
      assertSame(await broker.tell('for one', 'hub-1'), true, 'it is on its way')
      await broker.tell('for all')
      await broker.tell('for one again', 'hub-1')
      await probe.until(() => probe.controls.includes('for all') && probe.controls.includes('for one again'))
      assertSame([...probe.controls].sort(), ['for all', 'for one', 'for one again'], 'it is told its own')
      await withOther(probe, async (other) => {
        const told = probe.controls.length
        await broker.tell('for the other', other.hub)
        await other.broker.tell('for one', probe.hub)
        await other.broker.tell('for itself', other.hub)
        await other.broker.tell('last')
        await broker.tell('last')
        for (const each of [probe, other]) {
          await each.until(() => each.controls.filter((message) => message === 'last').length === 2)
        }
        await probe.until(() => probe.controls.slice(told).includes('for one'))
        await other.until(() => other.controls.includes('for the other') && other.controls.includes('for itself'))
        assertSame(probe.controls.slice(told).sort(), ['for one', 'last', 'last'], 'this one is told its own')
        assertSame([...other.controls].sort(), ['for itself', 'for the other', 'last', 'last'], 'and so is the other')
      })
    },
  },
  {
    name: 'nothing is told of it after close',
    async check(probe) {
      const { broker } = probe
      await broker.subscribe('a')
      await broker.announce('a', 'join', ada)
      await broker.tell('heard')
      await probe.until(() => probe.announced.length + probe.controls.length > 1)
      await broker.close()
      // A closed broker may refuse; what it must not do is tell.
      await broker.announce('a', 'leave', ada).catch(() => {})
      await broker.tell('unheard').catch(() => {})
      assertSame([probe.announced.length, probe.controls], [1, ['heard']], 'nothing more is told')
    },
  },
  {
    name: 'while the store is away it is refused with ERR_BROKER_UNAVAILABLE and not told later; when it is back it goes on',
    async check(probe) {
      const { outage } = probe.subject
      if (outage === undefined) return
      const { broker } = probe
      await broker.subscribe('a')
      await outage.begin()
      for (const ask of [() => broker.announce('a', 'join', ada), () => broker.tell('never')]) {
        assertSame((await rejectionOf(ask())).code, 'ERR_BROKER_UNAVAILABLE', 'the error says what is wrong')
      }
      await outage.end()
      await broker.announce('a', 'join', ben)
      await broker.tell('behind')
      await probe.until(() => probe.announced.length > 0 && probe.controls.length > 0)
      assertSame(probe.announced, [{ channel: 'a', kind: 'join', info: ben }], 'what was refused is not told')
      assertSame(probe.controls, ['behind'], 'nor to the hubs')
    },
  },
]
