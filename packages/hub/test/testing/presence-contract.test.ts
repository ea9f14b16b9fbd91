import { HubError, MemoryPresenceStore, type PresenceStore } from '@wigwag/hub'
import { type PresenceSubject, presenceContract } from '@wigwag/hub/testing'
import type { ClientInfo } from '@wigwag/protocol'
import { describe, expect, test } from 'vitest'
import { breachesOf } from '../support/breaches-of.ts'
import { guardedPresenceStore } from '../support/guarded-presence-store.ts'

/** A memory store that can be taken away, with another door to the same presence. */
function createSubject(presenceTtlMs: number, fault: Fault = () => ({})): PresenceSubject {
  let nowMs = 1_000_000
  let isAway = false
  const kept = new MemoryPresenceStore({ presenceTtlMs }, { now: () => nowMs })
  const reach = <T>(ask: () => Promise<T>): Promise<T> =>
    isAway ? Promise.reject(new HubError('ERR_PRESENCE_UNAVAILABLE', 'It is away.')) : ask()
  const honest = guardedPresenceStore(kept, reach)
  return {
    store: { ...honest, ...fault(honest, () => nowMs) },
    other: { ...honest, close: async () => {} },
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

type Fault = (store: PresenceStore, now: () => number) => Partial<PresenceStore>

const FAULTS: [string, Fault][] = [
  ['takes everybody for new', (store) => ({ add: async (...asked) => (await store.add(...asked)) || true })],
  ['takes nobody for new', (store) => ({ add: async (...asked) => (await store.add(...asked)) && false })],
  [
    'keeps what it knew first',
    (store) => ({
      add: async (channel, info) => store.add(channel, (await store.presence(channel)).get(info.client) ?? info),
    }),
  ],
  ['does not remove', () => ({ remove: async () => true })],
  ['removes in silence', (store) => ({ remove: async (...asked) => (await store.remove(...asked)) && false })],
  ['forgets information', (store) => ({ add: (channel, { client, user }) => store.add(channel, { client, user }) })],
  [
    'has one channel for all',
    (store) => ({
      add: (_channel, info) => store.add('a', info),
      presence: () => store.presence('a'),
      stats: () => store.stats('a'),
    }),
  ],
  [
    'counts sessions as users',
    (store) => ({
      stats: async (channel) => {
        const { clients } = await store.stats(channel)
        return { clients, users: clients }
      },
    }),
  ],
  [
    'leaves out who is anonymous',
    (store) => ({
      stats: async (channel) => {
        const infos = [...(await store.presence(channel)).values()]
        return { clients: infos.length, users: new Set(infos.map(({ user }) => user).filter(Boolean)).size }
      },
    }),
  ],
  ['never expires anybody', () => ({ expire: async () => [] })],
  [
    'returns the expired to everybody who asks',
    (store) => {
      const known: ClientInfo[] = []
      return {
        expire: async (channel) => {
          known.push(...(await store.expire(channel)))
          return known
        },
      }
    },
  ],
  [
    'expires everybody',
    (store) => ({
      expire: async (channel) => {
        const infos = [...(await store.presence(channel)).values()]
        for (const { client } of infos) await store.remove(channel, client)
        return infos
      },
    }),
  ],
  [
    'takes who is kept alive late for new',
    (store, now) => {
      const last = new Map<string, number>()
      return {
        add: async (channel, info) => {
          const isNew = await store.add(channel, info)
          const beforeMs = last.get(channel + info.client) ?? now()
          last.set(channel + info.client, now())
          return isNew || now() - beforeMs > 400
        },
      }
    },
  ],
  [
    'lets keeping alive count for nothing',
    (store) => {
      const known = new Set<string>()
      return {
        add: async (channel, info) => {
          const key = channel + info.client
          if (known.has(key)) return false
          known.add(key)
          return store.add(channel, info)
        },
        remove: (channel, client) => {
          known.delete(channel + client)
          return store.remove(channel, client)
        },
      }
    },
  ],
  [
    'shows who has expired',
    (store) => {
      const shown = new Map<string, Map<string, ClientInfo>>()
      const of = (channel: string): Map<string, ClientInfo> => shown.get(channel) ?? new Map()
      return {
        add: (channel, info) => {
          shown.set(channel, of(channel).set(info.client, info))
          return store.add(channel, info)
        },
        stats: async (channel) => ({
          ...(await store.stats(channel)),
          clients: Math.max((await store.stats(channel)).clients, of(channel).size),
        }),
      }
    },
  ],
  [
    'refuses without a code',
    (store) => ({ presence: (channel) => store.presence(channel).catch(() => Promise.reject(new Error('no'))) }),
  ],
  [
    'sees nobody when it is away',
    (store) => ({ presence: (channel) => store.presence(channel).catch(() => new Map<string, ClientInfo>()) }),
  ],
  [
    'does later what it could not do at once',
    (store) => {
      const later: (() => Promise<unknown>)[] = []
      return {
        add: (channel, info) =>
          store.add(channel, info).catch((error: unknown) => {
            later.push(() => store.add(channel, info))
            throw error
          }),
        presence: async (channel) => {
          const before = await store.presence(channel)
          for (const each of later.splice(0)) await each()
          return before.size > 0 ? store.presence(channel) : before
        },
      }
    },
  ],
]

test.each(FAULTS)('the contract of presence stores finds one that %s', async (_what, fault) => {
  expect(
    await breachesOf(presenceContract, ({ run }) => run((presenceTtlMs) => createSubject(presenceTtlMs, fault))),
  ).not.toEqual([])
})

describe('the memory presence store keeps the contract of presence stores', () => {
  for (const { name, run } of presenceContract) test(name, () => run((presenceTtlMs) => createSubject(presenceTtlMs)))
})

test('a time to live that is none is refused', () => {
  const create = (): PresenceStore => new MemoryPresenceStore({ presenceTtlMs: 0 }, { now: () => 0 })
  expect(create).toThrow(
    expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining('presenceTtlMs') }),
  )
})
