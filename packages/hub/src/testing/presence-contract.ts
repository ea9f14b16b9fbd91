import type { ClientInfo } from '@wigwag/protocol'
import type { PresenceStore } from '../index.ts'
import { assertSame, rejectionOf } from './contract-assertions.ts'

/** A presence store under test. */
export interface PresenceSubject {
  /** A store that nobody else uses. */
  readonly store: PresenceStore
  /** The same presence, as another hub sees it. Left out, the store itself stands for it. */
  readonly other?: PresenceStore
  /** Lets time pass: a manual clock moves on, or the test waits. */
  advance(ms: number): void | PromiseLike<void>
  /** Takes what the store keeps away from `store`, and gives it back as it was. Left out, cases about it are passed over. */
  readonly outage?: PresenceOutage
}

/** Presence that cannot be reached for a while. Each resolves when that is so. */
export interface PresenceOutage {
  begin(): Promise<void>
  end(): Promise<void>
}

/** Makes a subject whose sessions expire after `presenceTtlMs`. */
export type PresenceStoreFactory = (presenceTtlMs: number) => PresenceSubject | PromiseLike<PresenceSubject>

/** One promise of the contract. `run` makes a store, holds it to the promise, and closes it; it throws `ContractBreach`. */
export interface PresenceContractCase {
  readonly name: string
  run(create: PresenceStoreFactory): Promise<void>
}

interface Entry {
  readonly name: string
  readonly ttlMs?: number
  check(subject: Required<Omit<PresenceSubject, 'outage'>> & Pick<PresenceSubject, 'outage'>): Promise<void>
}

const TTL_MS = 60_000
/** Short enough to wait for, long enough for a store on the network to answer twice. */
const SHORT_TTL_MS = 400

const ada: ClientInfo = { client: 'c1', user: 'ada', conn_info: { name: 'Ada', at: [1, null, 'ü'] } }
const adaAgain: ClientInfo = { client: 'c2', user: 'ada', chan_info: '{}' }
const ben: ClientInfo = { client: 'c3', user: 'ben' }
const nobody: ClientInfo = { client: 'c4', user: '' }
/** Ids and names that a store might take for something of its own. */
const AWKWARD: readonly ClientInfo[] = [
  { client: '__proto__', user: '3:x' },
  { client: 'c:1', user: 'ü€😀', conn_info: '3:x' },
  { client: '%s{}', user: '{a}:1', chan_info: { b: '\u0000\n"' } },
  { client: '0', user: '0' },
]

const byClient = (infos: Iterable<ClientInfo>): ClientInfo[] =>
  [...infos].sort((a, b) => (a.client < b.client ? -1 : 1))
const clientsOf = (infos: Iterable<ClientInfo>): string[] => byClient(infos).map(({ client }) => client)

async function seen(store: PresenceStore, channel: string): Promise<ClientInfo[]> {
  const presence = await store.presence(channel)
  for (const [client, info] of presence) assertSame(client, info.client, 'presence is by session id')
  return byClient(presence.values())
}

const ENTRIES: readonly Entry[] = [
  {
    name: 'who was added is in the channel as it was added, and seen by every hub',
    async check({ store, other }) {
      assertSame(await seen(store, 'a'), [], 'nobody is in a channel that nobody entered')
      assertSame(await store.add('a', ada), true, 'who was not there is new')
      assertSame(await other.add('a', ben), true, 'so is another')
      for (const each of [store, other]) assertSame(await seen(each, 'a'), [ada, ben], 'both are seen, with all of it')
      assertSame(await seen(store, 'b'), [], 'but in no other channel')
    },
  },
  {
    name: 'keeping alive is not new, and replaces what was known',
    async check({ store, other }) {
      await store.add('a', ada)
      assertSame(await store.add('a', ada), false, 'who is there is not new')
      const renamed = { ...ada, user: 'eve', conn_info: 'other' }
      assertSame(await store.add('a', renamed), false, 'nor under another name')
      assertSame(await seen(store, 'a'), [renamed], 'what was said last is seen')
      assertSame(await store.stats('a'), { clients: 1, users: 1 }, 'the user before is no longer counted')
      assertSame(await other.add('a', ada), false, 'nor for another hub')
      assertSame(await seen(store, 'a'), [ada], 'which replaces it as well')
      assertSame(await store.add('b', ada), true, 'each channel is entered by itself')
    },
  },
  {
    name: 'who was removed is gone, once',
    async check({ store, other }) {
      await store.add('a', ada)
      await store.add('b', ada)
      await store.add('a', ben)
      assertSame(await other.remove('a', ada.client), true, 'who was there is removed')
      assertSame(await store.remove('a', ada.client), false, 'only once')
      assertSame(await store.remove('c', ada.client), false, 'and nobody from where it was not')
      assertSame(await seen(store, 'a'), [ben], 'the others stay')
      assertSame(await seen(store, 'b'), [ada], 'and it stays in other channels')
      assertSame(await store.add('a', ada), true, 'who comes back is new')
    },
  },
  {
    name: 'sessions and different users are counted',
    async check({ store, other }) {
      assertSame(await store.stats('a'), { clients: 0, users: 0 }, 'nobody at first')
      for (const info of [ada, adaAgain, ben, nobody, { ...nobody, client: 'c5' }]) await store.add('a', info)
      await store.add('a', ada)
      assertSame(await other.stats('a'), { clients: 5, users: 3 }, 'sessions of one user are one user')
      await store.remove('a', ada.client)
      assertSame(await store.stats('a'), { clients: 4, users: 3 }, 'a user with a session left is counted')
      await store.remove('a', adaAgain.client)
      assertSame(await store.stats('a'), { clients: 3, users: 2 }, 'one without is not')
    },
  },
  {
    name: 'ids and names are nothing but ids and names',
    async check({ store }) {
      const channels = ['a', 'a{b}c', '%7B', '__proto__', 'ü:*', '{']
      for (const channel of channels) for (const info of AWKWARD) await store.add(channel, info)
      for (const channel of channels) {
        assertSame(await seen(store, channel), byClient(AWKWARD), `everybody is in ${channel}`)
        assertSame(await store.stats(channel), { clients: 4, users: 4 }, `and counted in ${channel}`)
      }
      for (const { client } of AWKWARD) assertSame(await store.remove('{', client), true, 'each can be removed')
      assertSame(await store.stats('{'), { clients: 0, users: 0 }, 'and is gone then')
      assertSame(await store.stats('a'), { clients: 4, users: 4 }, 'there alone')
    },
  },
  {
    name: 'nobody expires before the time to live is over',
    async check({ store }) {
      await store.add('a', ada)
      assertSame(await store.expire('a'), [], 'nobody has expired')
      assertSame(await seen(store, 'a'), [ada], 'and nobody was removed')
    },
  },
  {
    name: 'who was not kept alive is seen no more, and exactly one hub gets it',
    ttlMs: SHORT_TTL_MS,
    async check({ store, other, advance }) {
      await store.add('a', ada)
      await store.add('a', ben)
      await store.add('b', nobody)
      await advance(SHORT_TTL_MS + 1)
      await store.add('a', adaAgain)
      assertSame(await seen(other, 'a'), [adaAgain], 'who expired is not seen')
      assertSame(await store.stats('a'), { clients: 1, users: 1 }, 'nor counted')
      const both = await Promise.all([store.expire('a'), other.expire('a')])
      assertSame(byClient(both.flat()), [ada, ben], 'those who expired are returned once, with all that was known')
      assertSame(await store.expire('a'), [], 'not again')
      assertSame(await store.remove('a', ada.client), false, 'nor are they there to be removed')
      assertSame(await store.stats('a'), { clients: 1, users: 1 }, 'a user with a session left is still counted')
      assertSame(await store.add('a', ben), true, 'who comes back is new')
      assertSame(await store.expire('b'), [nobody], 'each channel by itself')
    },
  },
  {
    name: 'who is kept alive does not expire; who is, late, was never gone; and who leaves late was there',
    ttlMs: SHORT_TTL_MS,
    async check({ store, other, advance }) {
      for (const info of [ada, adaAgain, ben]) await store.add('a', info)
      await advance(SHORT_TTL_MS / 2)
      await store.add('a', ada)
      await advance(SHORT_TTL_MS / 2 + 1)
      assertSame(await seen(store, 'a'), [ada], 'who was kept alive is seen')
      assertSame(await store.add('a', adaAgain), false, 'nobody was told that it left: it is not new')
      assertSame(await store.remove('a', ben.client), true, 'nor that this one did')
      assertSame(clientsOf(await other.expire('a')), [], 'so neither expires')
      assertSame(await store.stats('a'), { clients: 2, users: 1 }, 'and the users are right')
    },
  },
  {
    name: 'what is away is refused with ERR_PRESENCE_UNAVAILABLE, and back as it was',
    async check({ store, outage }) {
      if (outage === undefined) return
      await store.add('a', ada)
      await outage.begin()
      const asks = [
        () => store.add('a', ben),
        () => store.remove('a', ada.client),
        () => store.presence('a'),
        () => store.stats('a'),
        () => store.expire('a'),
      ]
      for (const ask of asks) {
        assertSame((await rejectionOf(ask())).code, 'ERR_PRESENCE_UNAVAILABLE', 'the error says what is wrong')
      }
      await outage.end()
      assertSame(await seen(store, 'a'), [ada], 'what was refused then was not done later')
      assertSame(await store.add('a', ben), true, 'and it goes on')
    },
  },
]

/**
 * What every presence store promises, one case each. With any test runner:
 * `for (const { name, run } of presenceContract) test(name, () => run(createMyStore))`.
 */
export const presenceContract: readonly PresenceContractCase[] = ENTRIES.map(({ name, ttlMs = TTL_MS, check }) => ({
  name,
  async run(create: PresenceStoreFactory): Promise<void> {
    const subject = await create(ttlMs)
    const { store, other = store } = subject
    try {
      await check({
        store,
        other,
        advance: (ms) => subject.advance(ms),
        ...(subject.outage && { outage: subject.outage }),
      })
    } finally {
      await store.close()
      if (other !== store) await other.close()
    }
  },
}))
