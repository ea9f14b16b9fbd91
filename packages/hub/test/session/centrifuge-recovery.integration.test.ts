import type { NamespaceOptions } from '@wigwag/hub'
import { describe, expect, test } from 'vitest'
import { clientRealms, type StrictBench, type StrictUser } from '../support/client-realms.ts'

const dataOf = (contexts: readonly { readonly data?: unknown }[]): unknown[] => contexts.map(({ data }) => data)

/** Cuts the line of a client, does something, and mends it. */
async function whileCut({ line }: StrictBench, user: StrictUser, work: () => Promise<unknown>): Promise<void> {
  const connected = (await user.heard('', 'connected')).length
  line.cut()
  await user.heard('', 'connecting', connected + 1)
  await work()
  line.mend()
  await user.heard('', 'connected', connected + 1)
}

describe.each(clientRealms('all'))('recovery with centrifuge over $name', ({ serve }) => {
  async function subscribed(namespace: NamespaceOptions = {}): Promise<StrictBench & { readonly ann: StrictUser }> {
    const bench = await serve({ namespaces: { '': namespace } })
    const ann = await bench.user()
    await ann.connect()
    await ann.subscribe('news')
    return { ...bench, ann }
  }

  test('a client that was cut off has everything once, in order, as often as it is cut off', async () => {
    const bench = await subscribed()
    const { hub, ann } = bench
    let n = 0
    await hub.publish('news', ++n)
    for (let cuts = 1; cuts <= 3; cuts++) {
      await whileCut(bench, ann, async () => {
        for (let i = 0; i < 5; i++) await hub.publish('news', ++n)
      })
      const told = await ann.heard('news', 'subscribed', cuts + 1)
      expect(told[cuts]).toMatchObject({ wasRecovering: true, recovered: true, hasRecoveredPublications: true })
      await hub.publish('news', ++n)
      await ann.heard('news', 'publication', n)
    }
    const publications = await ann.heard('news', 'publication')
    expect(dataOf(publications)).toEqual(Array.from({ length: n }, (_, i) => i + 1))
    expect(publications.map(({ offset }) => offset)).toEqual(dataOf(publications))
  })

  test('a client that missed nothing is told that', async () => {
    const bench = await subscribed()
    await whileCut(bench, bench.ann, async () => {})
    const [first, again] = await bench.ann.heard('news', 'subscribed', 2)
    expect(first).toMatchObject({ wasRecovering: false, recovered: false, recoverable: true, positioned: true })
    expect(again).toMatchObject({ wasRecovering: true, recovered: true, hasRecoveredPublications: false })
    expect(again?.streamPosition).toEqual(first?.streamPosition)
  })

  test.each<[string, NamespaceOptions, (bench: StrictBench) => Promise<unknown>]>([
    ['history is gone', {}, ({ hub }) => hub.removeHistory('news')],
    ['history does not reach back', { history: { size: 2 } }, async () => {}],
  ])('where %s it is told that it has not recovered, and goes on live', async (_what, namespace, lose) => {
    const bench = await subscribed(namespace)
    const { hub, ann } = bench
    await whileCut(bench, ann, async () => {
      for (const n of [1, 2, 3]) await hub.publish('news', n)
      await lose(bench)
    })
    const again = (await ann.heard('news', 'subscribed', 2))[1]
    expect(again).toMatchObject({ wasRecovering: true, recovered: false, hasRecoveredPublications: false })
    expect(again?.streamPosition?.offset).toBe(3)
    await hub.publish('news', 4)
    expect(dataOf(await ann.heard('news', 'publication'))).toEqual([4])
  })

  test("in mode 'cache' it has the newest, once", async () => {
    const bench = await subscribed({ recover: 'cache' })
    const { hub, ann } = bench
    await hub.publish('news', 1)
    await ann.heard('news', 'publication')
    await whileCut(bench, ann, async () => {
      for (const n of [2, 3]) await hub.publish('news', n)
    })
    expect((await ann.heard('news', 'subscribed', 2))[1]).toMatchObject({ wasRecovering: true, recovered: true })
    await whileCut(bench, ann, async () => {})
    await hub.publish('news', 4)
    expect(dataOf(await ann.heard('news', 'publication', 3))).toEqual([1, 3, 4])
  })

  test('a program that knows a position goes on from there', async () => {
    const { hub, user } = await serve()
    for (const n of [1, 2, 3]) await hub.publish('news', n)
    const { position } = await hub.history('news')
    const ann = await user()
    await ann.connect()
    const since = { epoch: position?.epoch as string, offset: 1 }
    expect(await ann.subscribe('news', { since })).toMatchObject({ wasRecovering: true, recovered: true })
    expect(dataOf(await ann.heard('news', 'publication', 2))).toEqual([2, 3])
    expect(await ann.subscribe('other', { since: { epoch: 'not-there', offset: 9 } })).toMatchObject({
      recovered: false,
    })
  })

  test('a program that keeps state of its own fetches it anew where it cannot go on from it', async () => {
    const { hub, user } = await serve()
    for (const n of [1, 2, 3]) await hub.publish('news', n)
    const epoch = (await hub.history('news')).position?.epoch as string
    const ann = await user()
    await ann.connect()
    const told = await ann.subscribe('news', {
      states: [
        { offset: 2, epoch: 'gone' },
        { offset: 2, epoch },
      ],
    })
    expect(told).toMatchObject({ wasRecovering: true, recovered: true })
    expect(dataOf(await ann.heard('news', 'publication'))).toEqual([3])
    expect(hub.stats.subscriptions).toBe(1)
  })

  test('channels that the server subscribed it to recover as well', async () => {
    const bench = await serve({ authenticate: () => ({ user: 'ann', channels: ['inbox', 'lost'] }) })
    const { hub, user } = bench
    const ann = await user()
    await ann.connect()
    await ann.heard('', 'subscribed', 2)
    await whileCut(bench, ann, async () => {
      for (const n of [1, 2]) {
        await hub.publish('inbox', n)
        await hub.publish('lost', n)
      }
      await hub.removeHistory('lost')
    })
    const again = (await ann.heard('', 'subscribed', 4)).slice(2)
    expect(again.map(({ channel, recovered, wasRecovering }) => [channel, recovered, wasRecovering])).toEqual([
      ['inbox', true, true],
      ['lost', false, true],
    ])
    await hub.publish('inbox', 3)
    const publications = await ann.heard('', 'publication', 3)
    expect(publications.map(({ channel, data, offset }) => [channel, data, offset])).toEqual([
      ['inbox', 1, 1],
      ['inbox', 2, 2],
      ['inbox', 3, 3],
    ])
  })

  test('a gap that the hub finds makes it subscribe again and recover', async () => {
    const { hub, user } = await serve({ authenticate: () => ({ user: 'ann' }) })
    const ann = await user()
    await ann.connect()
    await ann.subscribe('news')
    await hub.sessions.unsubscribe({ user: 'ann' }, 'news', { code: 2500, reason: 'insufficient state' })
    expect((await ann.heard('news', 'subscribed', 2))[1]).toMatchObject({ wasRecovering: true, recovered: true })
    expect((await ann.heard('news', 'subscribing'))[1]).toMatchObject({ code: 2500, reason: 'insufficient state' })
  })
})
