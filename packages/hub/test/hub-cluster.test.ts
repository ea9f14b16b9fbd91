import { Hub, HubError } from '@wigwag/hub'
import { describe, expect, test } from 'vitest'
import { createManualBroker } from './support/manual-broker.ts'
import { RemoteBroker, RemoteStore } from './support/remote-broker.ts'
import { createSessionBench, type SessionBench, settled, type TestClient } from './support/session-clients.ts'

/** Two hubs that share a store, and how to cut the first one off. */
async function createHubs(): Promise<{ a: SessionBench; b: SessionBench; broker: RemoteBroker }> {
  const store = new RemoteStore()
  const [broker, other] = [new RemoteBroker(store), new RemoteBroker(store)]
  const options = {
    authenticate: ({ token = '' }) => ({ user: token }),
    namespaces: { '': { subscribe: 'anyone' } },
  } as const
  const a = createSessionBench({ ...options, broker, cluster: { name: 'a' } }, createManualBroker(), undefined, 'a')
  const b = createSessionBench(
    { ...options, broker: other, cluster: { name: 'b' } },
    createManualBroker(),
    undefined,
    'b',
  )
  await settled()
  return { a, b, broker }
}

async function connected({ client }: SessionBench, user: string): Promise<TestClient> {
  const one = client()
  await one.connect(user)
  return one
}

describe('what is done to sessions is done on every hub', () => {
  test('to all of a user but those that are excepted', async () => {
    const { a, b } = await createHubs()
    const sessions = [await connected(a, 'ann'), await connected(b, 'ann'), await connected(b, 'ann')]
    const bob = await connected(b, 'bob')
    await a.hub.sessions.disconnect({ user: 'ann' }, { code: 4500, reason: '' }, [sessions[2]?.session.client ?? ''])
    await settled()
    expect(sessions.map(({ closedWith }) => closedWith?.code)).toEqual([4500, 4500, undefined])
    expect(bob.closedWith).toBeUndefined()
  })

  test('to one by its id, if it is that user’s', async () => {
    const { a, b } = await createHubs()
    const ann = await connected(b, 'ann')
    const { client } = ann.session
    await a.hub.sessions.disconnect({ client, user: 'bob' })
    await settled()
    expect(ann.closedWith).toBeUndefined()
    await a.hub.sessions.expire({ client, user: 'ann' })
    await settled()
    expect(ann.closedWith?.code).toBe(3005)
  })

  test('a subscription that the server decides on comes with what was missed, behind the push that tells of it', async () => {
    const { a, b } = await createHubs()
    const ann = await connected(b, 'ann')
    const { position } = await a.hub.publish('news', 1)
    await a.hub.publish('news', 2)
    await a.hub.publish('news', 3)
    if (position === undefined) throw new Error('There is history.')
    await a.hub.sessions.subscribe({ user: 'ann' }, 'news', { since: position, data: 'hello' })
    for (let i = 0; i < 3; i++) await settled()
    await a.hub.publish('news', 4)
    await settled()
    expect(ann.pushes[0]).toMatchObject({ channel: 'news', subscribe: { data: 'hello', recovered: true } })
    expect(ann.heard('news')).toEqual([2, 3, 4])
  })

  test('to a channel that there cannot be, nobody is subscribed, and nobody is told', async () => {
    const { a } = await createHubs()
    const subscribe = (channel: string): Promise<void> => a.hub.sessions.subscribe({ user: 'ann' }, channel)
    await expect(subscribe('other:a')).rejects.toMatchObject({ code: 'ERR_NAMESPACE' })
    await expect(subscribe('a b')).rejects.toMatchObject({ code: 'ERR_CHANNEL_NAME' })
  })

  test('a subscription ends when its time is over', async () => {
    const { a, b } = await createHubs()
    const ann = await connected(b, 'ann')
    await a.hub.sessions.subscribe({ user: 'ann' }, 'news', { expiresAt: b.nowMs() + 5_000 })
    await settled()
    await settled()
    expect(ann.session.channels).toEqual(['news'])
    await b.advance(40_000)
    expect(ann.session.channels).toEqual([])
  })
})

describe('what is asked of all', () => {
  test('has what every hub has', async () => {
    const { a, b } = await createHubs()
    const [ann, bob] = [await connected(a, 'ann'), await connected(b, 'bob')]
    for (const client of [ann, bob]) await client.ask({ subscribe: { channel: 'hall' } })
    expect([...(await b.hub.channels()).items]).toEqual([['hall', 2]])
    expect((await b.hub.connections()).items.map(({ user, channels }) => [user, channels])).toEqual([
      ['bob', ['hall']],
      ['ann', ['hall']],
    ])
    expect((await b.hub.connections('ann')).items).toHaveLength(1)
    const { items, isComplete } = await b.hub.info()
    expect([items.map(({ name, sessions }) => [name, sessions]), isComplete]).toEqual([
      [
        ['b', 1],
        ['a', 1],
      ],
      true,
    ])
  })

  test('while the broker is away is an error, not a list that looks whole', async () => {
    const { a, broker } = await createHubs()
    broker.cut()
    await expect(a.hub.info()).rejects.toMatchObject({ code: 'ERR_BROKER_UNAVAILABLE' })
  })

  test('one that was closed is not missing', async () => {
    const { a, b } = await createHubs()
    await b.hub.close()
    await settled()
    expect(await a.hub.info()).toMatchObject({ items: [{ name: 'a' }], missing: [], isComplete: true })
    await expect(b.hub.info()).rejects.toMatchObject({ code: 'ERR_HUB_CLOSED' })
  })
})

test('without ports there is no cluster to ask', async () => {
  const hub = new Hub({ broker: createManualBroker().broker })
  await expect(hub.info()).rejects.toThrow('needs ports')
})

test('a broadcast tells what became of each', async () => {
  const { hub } = createSessionBench()
  const outcomes = await hub.broadcast(['a', 'a b', 'b'], 1)
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect((outcomes[1] as PromiseRejectedResult).reason).toBeInstanceOf(HubError)
})
