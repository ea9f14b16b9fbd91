import { type Credentials, HubError, MemoryTicketStore, type TicketStore } from '@wigwag/hub'
import { type TicketSubject, ticketContract } from '@wigwag/hub/testing'
import { describe, expect, test } from 'vitest'
import { breachesOf } from '../support/breaches-of.ts'

type Fault = (store: TicketStore) => Partial<TicketStore>

/** A memory store that can be taken away, with another door to the same tickets. */
function createSubject(fault: Fault = () => ({})): TicketSubject {
  let nowMs = 1_000_000
  let isAway = false
  const kept = new MemoryTicketStore(() => nowMs)
  const reach = <T>(ask: () => Promise<T>): Promise<T> =>
    isAway ? Promise.reject(new HubError('ERR_TICKETS_UNAVAILABLE', 'It is away.')) : ask()
  const honest: TicketStore = {
    put: (...asked) => reach(() => kept.put(...asked)),
    take: (...asked) => reach(() => kept.take(...asked)),
  }
  return {
    store: { ...honest, ...fault(honest) },
    other: honest,
    advance: (ms) => {
      nowMs += ms
    },
    outage: {
      begin: async () => {
        isAway = true
      },
      end: async () => {
        isAway = false
      },
    },
  }
}

const takesOnBehalf = (change: (credentials: Credentials) => Credentials): Fault => {
  return (store) => ({ put: (key, credentials, ttlMs) => store.put(key, change(credentials), ttlMs) })
}

const FAULTS: [string, Fault][] = [
  ['keeps nothing', () => ({ put: async () => {} })],
  [
    'lets a ticket be used again',
    (store) => ({
      take: async (key) => {
        const taken = await store.take(key)
        if (taken !== undefined) await store.put(key, taken, 60_000)
        return taken
      },
    }),
  ],
  [
    'looks first and takes then',
    (store) => {
      const copies = new Map<string, Credentials>()
      return {
        put: async (key, credentials, ttlMs) => {
          copies.set(key, credentials)
          await store.put(key, credentials, ttlMs)
        },
        take: async (key) => {
          const copy = copies.get(key)
          if ((await store.take(key)) === undefined && copy === undefined) return undefined
          copies.delete(key)
          return copy
        },
      }
    },
  ],
  ['keeps the user alone', takesOnBehalf(({ user }) => ({ user }))],
  [
    'keeps credentials as plain JSON',
    takesOnBehalf((credentials) => JSON.parse(JSON.stringify(credentials)) as Credentials),
  ],
  ['adds what was not put', takesOnBehalf((credentials) => ({ info: null, ...credentials }))],
  [
    'takes keys that look alike for one',
    (store) => ({
      put: (key, ...rest) => store.put(key.toLowerCase(), ...rest),
      take: (key) => store.take(key.toLowerCase()),
    }),
  ],
  ['never lets go', (store) => ({ put: (key, credentials) => store.put(key, credentials, 1e9) })],
  ['lets go too soon', (store) => ({ put: (key, credentials, ttlMs) => store.put(key, credentials, ttlMs / 3) })],
  ['refuses without a code', (store) => ({ take: (key) => store.take(key).catch(() => Promise.reject(new Error())) })],
  ['has nothing when it is away', (store) => ({ take: (key) => store.take(key).catch(() => undefined) })],
  [
    'does later what it could not do at once',
    (store) => {
      const later: (() => Promise<unknown>)[] = []
      return {
        put: (...asked) =>
          store.put(...asked).catch((error: unknown) => {
            later.push(() => store.put(...asked))
            throw error
          }),
        take: async (key) => {
          const taken = await store.take(key)
          for (const each of later.splice(0)) await each()
          return taken
        },
      }
    },
  ],
]

test.each(FAULTS)('the contract of ticket stores finds one that %s', async (_what, fault) => {
  expect(await breachesOf(ticketContract, ({ run }) => run(() => createSubject(fault)))).not.toEqual([])
})

describe('the memory ticket store keeps the contract of ticket stores', () => {
  for (const { name, run } of ticketContract) test(name, () => run(() => createSubject()))
})
