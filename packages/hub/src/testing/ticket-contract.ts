import type { Credentials, JsonValue, TicketStore } from '../index.ts'
import { assertKept, assertSame, rejectionOf } from './contract-assertions.ts'

/** A ticket store under test. */
export interface TicketSubject {
  /** A store that nobody else uses. */
  readonly store: TicketStore
  /** The same tickets, as another hub sees them. Left out, the store itself stands for it. */
  readonly other?: TicketStore
  /** Lets time pass: a manual clock moves on, or the test waits. */
  advance(ms: number): void | PromiseLike<void>
  /** Takes what the store keeps away from `store`, and gives it back as it was. Left out, cases about it are passed over. */
  readonly outage?: { begin(): Promise<void>; end(): Promise<void> }
  /** Lets both stores go. */
  close?(): void | PromiseLike<void>
}

/** Makes a subject. */
export type TicketStoreFactory = () => TicketSubject | PromiseLike<TicketSubject>

/** One promise of the contract. `run` makes a store and holds it to the promise; it throws `ContractBreach`. */
export interface TicketContractCase {
  readonly name: string
  run(create: TicketStoreFactory): Promise<void>
}

interface Entry {
  readonly name: string
  check(subject: TicketSubject & { readonly other: TicketStore }): Promise<void>
}

const TTL_MS = 60_000
/** Short enough to wait for, long enough for a store on the network to answer a few times. */
const SHORT_TTL_MS = 400

const ada: Credentials = { user: 'ada' }
const ben: Credentials = { user: 'ben', info: null }
/** All that credentials may hold, and what a store might take for something of its own. */
const everything: Credentials = {
  user: 'ü€😀\u0000"\n',
  info: { name: 'Ada', list: [1, null, 'ü'], nested: { '': false } },
  expiresAt: 1_800_000_000_123,
  channels: ['news', 'a{b}:%', '__proto__'],
  channelInfo: new Map<string, JsonValue>([
    ['news', null],
    ['__proto__', { at: 1.5 }],
    ['constructor', 'x'],
  ]),
  data: [],
  meta: '',
}
const AWKWARD_KEYS = ['a', 'A', 'a:b', '{a}', '__proto__', '*', 'ü 😀', '%s', '0', 'x'.repeat(300)]

/** Credentials with nothing that comparing passes over. */
function plain(credentials: Credentials | undefined): unknown {
  if (credentials === undefined) return 'nothing'
  const { channelInfo, ...rest } = credentials
  if (channelInfo === undefined) return rest
  assertKept(typeof channelInfo.get === 'function', 'channelInfo comes back as the map that it was')
  return { ...rest, channelInfo: [...channelInfo] }
}

async function assertTaken(store: TicketStore, key: string, expected: Credentials | undefined, promise: string) {
  assertSame(plain(await store.take(key)), plain(expected), promise)
}

const ENTRIES: readonly Entry[] = [
  {
    name: 'what was put is taken once, on any hub',
    async check({ store, other }) {
      await assertTaken(store, 'a', undefined, 'nothing was put yet')
      await store.put('a', ada, TTL_MS)
      await store.put('b', ben, TTL_MS)
      await assertTaken(other, 'a', ada, 'what was put is taken')
      for (const each of [store, other]) await assertTaken(each, 'a', undefined, 'and is gone then')
      await assertTaken(store, 'b', ben, 'each key by itself')
      for (const each of [store, other]) await assertTaken(each, 'b', undefined, 'and once by whoever put it')
      await assertTaken(store, 'c', undefined, 'and nothing else is there')
    },
  },
  {
    name: 'of several who ask at once exactly one gets it',
    async check({ store, other }) {
      for (let i = 0; i < 20; i++) await store.put(`k${i}`, ada, TTL_MS)
      for (let i = 0; i < 20; i++) {
        const asked = [store, other, store, other].map((each) => each.take(`k${i}`))
        const answers = (await Promise.all(asked)).filter((answer) => answer !== undefined)
        assertSame(answers.map(plain), [plain(ada)], 'one gets it')
      }
    },
  },
  {
    name: 'it is taken as it was put, with all of it',
    async check({ store, other }) {
      await store.put('a', everything, TTL_MS)
      await assertTaken(other, 'a', everything, 'everything is there')
      await store.put('b', { user: '' }, TTL_MS)
      const empty = await other.take('b')
      assertSame(Object.keys(empty ?? {}), ['user'], 'and nothing that was not put')
    },
  },
  {
    name: 'keys are nothing but keys',
    async check({ store, other }) {
      for (const key of AWKWARD_KEYS) await store.put(key, { user: key }, TTL_MS)
      for (const key of AWKWARD_KEYS) await assertTaken(other, key, { user: key }, `it is under ${key}`)
      for (const key of AWKWARD_KEYS) await assertTaken(store, key, undefined, `nothing is left under ${key}`)
    },
  },
  {
    name: 'it is gone when its time is up, and not before',
    async check({ store, other, advance }) {
      await store.put('short', ada, SHORT_TTL_MS)
      await store.put('long', ben, TTL_MS)
      await store.put('short too', ada, SHORT_TTL_MS)
      await advance(SHORT_TTL_MS / 2)
      await assertTaken(other, 'short too', ada, 'half its time is left')
      await advance(SHORT_TTL_MS / 2 + 1)
      for (const each of [store, other]) await assertTaken(each, 'short', undefined, 'its time is up')
      await assertTaken(store, 'long', ben, 'that of another is not')
    },
  },
  {
    name: 'what is away is refused with ERR_TICKETS_UNAVAILABLE, and back as it was',
    async check({ store, other, outage }) {
      if (outage === undefined) return
      await store.put('a', ada, TTL_MS)
      await outage.begin()
      for (const ask of [() => store.put('b', ben, TTL_MS), () => store.take('a')]) {
        assertSame((await rejectionOf(ask())).code, 'ERR_TICKETS_UNAVAILABLE', 'the error says what is wrong')
      }
      await outage.end()
      await assertTaken(store, 'a', ada, 'what was refused then was not taken later')
      await assertTaken(other, 'b', undefined, 'nor put')
    },
  },
]

/**
 * What every ticket store promises, one case each. With any test runner:
 * `for (const { name, run } of ticketContract) test(name, () => run(createMyStore))`.
 */
export const ticketContract: readonly TicketContractCase[] = ENTRIES.map(({ name, check }) => ({
  name,
  async run(create: TicketStoreFactory): Promise<void> {
    const subject = await create()
    const { store, other = store } = subject
    try {
      await check({
        store,
        other,
        advance: (ms) => subject.advance(ms),
        ...(subject.outage && { outage: subject.outage }),
      })
    } finally {
      await subject.close?.()
    }
  },
}))
