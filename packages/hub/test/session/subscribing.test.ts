import { type HubOptions, type PermissionQuestion, refuse } from '@wigwag/hub'
import { describe, expect, test } from 'vitest'
import { DelayedBroker } from '../support/delayed-broker.ts'
import { createManualBroker } from '../support/manual-broker.ts'
import { connectedClient, createSessionBench, settled } from '../support/session-clients.ts'

/** Who a token names. */
const authenticate: NonNullable<HubOptions['authenticate']> = ({ token }) => ({
  user: token ?? '',
  info: { name: token ?? '' },
  meta: { secret: 1 },
})

describe('subscribe', () => {
  test('says where the stream stands, and what is published comes behind the reply', async () => {
    const bench = createSessionBench()
    await bench.hub.publish('a', 0)
    const ann = await connectedClient(bench)
    expect(await ann.ask({ subscribe: { channel: 'a' } })).toEqual({
      id: 2,
      subscribe: { recoverable: true, positioned: true, epoch: 'epoch-1', offset: 1 },
    })
    await bench.hub.publish('a', { n: 1 }, { tags: { kind: 'x' } })
    expect(ann.packets.slice(2)).toEqual([
      { push: { channel: 'a', pub: { data: { n: 1 }, offset: 2, tags: { kind: 'x' } } } },
    ])
  })

  test('bytes come as base64', async () => {
    const bench = createSessionBench()
    const ann = await connectedClient(bench)
    await ann.ask({ subscribe: { channel: 'a' } })
    await bench.hub.publish('a', new Uint8Array([1, 2, 3]))
    expect(ann.heard('a')).toEqual(['AQID'])
  })

  test.each([
    ['is subscribed already', 'taken', 105],
    ['is in no namespace', 'nowhere:1', 102],
    ['has no name', '', 107],
    ['has a name of 256 characters', 'x'.repeat(256), 107],
    ['is for another user', 'news#bob', 103],
    ['is for nobody', 'news#', 103],
    ['is only for whom the server subscribes', 'closed:1', 103],
    ['needs a token', 'token:1', 103],
  ])('a channel that %s (%s) is error %i', async (_what, channel, code) => {
    const bench = createSessionBench({
      authenticate,
      namespaces: { '': {}, closed: { subscribe: 'server' }, token: { subscribe: 'token' } },
    })
    const ann = await connectedClient(bench, 'ann')
    await ann.ask({ subscribe: { channel: 'taken' } })
    expect((await ann.ask({ subscribe: { channel } })).error?.code).toBe(code)
    expect(ann.session.channels).toEqual(['taken'])
  })

  test('a channel with a user boundary is for those users', async () => {
    const bench = createSessionBench({ authenticate })
    const ann = await connectedClient(bench, 'ann')
    expect((await ann.ask({ subscribe: { channel: 'talk#bob,ann' } })).subscribe).toBeDefined()
  })

  test('where there is authentication, who is anonymous may only where that is said', async () => {
    const bench = createSessionBench({ authenticate, namespaces: { '': {}, open: { subscribe: 'anyone' } } })
    const anonymous = await connectedClient(bench)
    expect((await anonymous.ask({ subscribe: { channel: 'a' } })).error?.code).toBe(103)
    expect((await anonymous.ask({ subscribe: { channel: 'open:a' } })).subscribe).toBeDefined()
  })

  test('one more than may be is error 106', async () => {
    const bench = createSessionBench({ sessions: { maxChannels: 2 } })
    const ann = await connectedClient(bench)
    for (const channel of ['a', 'b']) await ann.ask({ subscribe: { channel } })
    expect((await ann.ask({ subscribe: { channel: 'c' } })).error?.code).toBe(106)
    await ann.ask({ unsubscribe: { channel: 'a' } })
    expect((await ann.ask({ subscribe: { channel: 'c' } })).subscribe).toBeDefined()
  })

  test('the application is asked, and says what the subscription is given', async () => {
    const questions: PermissionQuestion[] = []
    const bench = createSessionBench({
      authenticate,
      namespaces: {
        orders: {
          subscribe: (question) => {
            questions.push(question)
            if (question.channel.rest === '1') return { info: { role: 'owner' }, data: { hello: 'ann' } }
            if (question.channel.rest === '2') return refuse(402, 'pay first', { temporary: true })
            if (question.channel.rest === '3') throw new Error('the database is away')
            return question.channel.rest === '4'
          },
        },
      },
    })
    const ann = await connectedClient(bench, 'ann')
    const { subscribe } = await ann.ask({ subscribe: { channel: 'orders:1', data: { from: 'page' } } })
    expect(subscribe?.data).toEqual({ hello: 'ann' })
    expect(questions).toEqual([
      {
        user: 'ann',
        client: ann.session.client,
        info: { name: 'ann' },
        meta: { secret: 1 },
        channel: { name: 'orders:1', namespace: 'orders', rest: '1' },
        data: { from: 'page' },
        isSubscribed: false,
        transport: 'memory',
      },
    ])
    expect((await ann.ask({ subscribe: { channel: 'orders:2' } })).error).toEqual({
      code: 402,
      message: 'pay first',
      temporary: true,
    })
    expect((await ann.ask({ subscribe: { channel: 'orders:3' } })).error).toMatchObject({ code: 100, temporary: true })
    expect((await ann.ask({ subscribe: { channel: 'orders:4' } })).error).toBeUndefined()
    expect((await ann.ask({ subscribe: { channel: 'orders:5' } })).error?.code).toBe(103)
    expect(ann.session.channels).toEqual(['orders:1', 'orders:4'])
    expect(bench.reports.length).toBe(1)
  })

  test('unsubscribing while the application is asked ends both: the one with error 108', async () => {
    let allow = (_answer: boolean): void => {}
    const bench = createSessionBench({ namespaces: { '': { subscribe: () => new Promise((done) => (allow = done)) } } })
    const ann = await connectedClient(bench)
    await ann.ask({ subscribe: { channel: 'a' } })
    expect((await ann.ask({ unsubscribe: { channel: 'a' } })).unsubscribe).toEqual({})
    allow(true)
    await settled()
    expect(ann.reply(2).error?.code).toBe(108)
    expect(bench.hub.stats).toMatchObject({ channels: 0, subscriptions: 0 })
  })

  test('who leaves while the application is asked is subscribed to nothing', async () => {
    let allow = (_answer: boolean): void => {}
    const bench = createSessionBench({ namespaces: { '': { subscribe: () => new Promise((done) => (allow = done)) } } })
    const ann = await connectedClient(bench)
    await ann.ask({ subscribe: { channel: 'a' } })
    ann.session.closed()
    allow(true)
    await settled()
    expect(bench.hub.stats).toMatchObject({ channels: 0, subscriptions: 0, sessions: 0 })
  })
})

describe('recovery', () => {
  async function recovering(
    namespace: NonNullable<HubOptions['namespaces']>[string],
    request: { epoch?: string; offset?: number },
    published = 3,
    sessions = {},
  ): Promise<Record<string, unknown>> {
    const bench = createSessionBench({ namespaces: { '': namespace }, sessions })
    for (let n = 1; n <= published; n++) await bench.hub.publish('a', n)
    const ann = await connectedClient(bench)
    const { subscribe } = await ann.ask({ subscribe: { channel: 'a', recover: true, ...request } })
    const { publications, recovered, was_recovering, recoverable, positioned, offset } = subscribe ?? {}
    return { data: publications?.map(({ data }) => data), recovered, was_recovering, recoverable, positioned, offset }
  }
  const stands = { recoverable: true, positioned: true, offset: 3 }

  test('from a position: all that came behind it, and the position, which the client leaves one by one', async () => {
    const recovered = { recovered: true, was_recovering: true, ...stands }
    const behind = (offset: number) => recovering({}, { epoch: 'epoch-1', offset })
    expect(await behind(1)).toEqual({ ...recovered, data: [2, 3], offset: 1 })
    expect(await behind(0)).toEqual({ ...recovered, data: [1, 2, 3], offset: 0 })
    expect(await recovering({}, { epoch: 'epoch-1' })).toEqual({ ...recovered, data: [1, 2, 3], offset: 0 })
    expect(await behind(3)).toEqual({ ...recovered, data: undefined })
  })

  test.each([
    ['another epoch', { epoch: 'epoch-0', offset: 1 }],
    ['what is no epoch', { epoch: 'a b', offset: 1 }],
    ['no epoch', { offset: 1 }],
    ['an offset that there was not', { epoch: 'epoch-1', offset: 9 }],
  ])('from %s: not recovered, and nothing but where the stream stands', async (_what, request) => {
    const lost = { data: undefined, recovered: false, was_recovering: true, ...stands }
    expect(await recovering({}, request)).toEqual(lost)
  })

  test('of more than may be carried: not recovered', async () => {
    const sessions = { maxRecoveredPublications: 2 }
    expect(await recovering({}, { epoch: 'epoch-1', offset: 1 }, 3, sessions)).toMatchObject({ data: [2, 3] })
    expect(await recovering({}, { epoch: 'epoch-1', offset: 0 }, 3, sessions)).toMatchObject({
      data: undefined,
      recovered: false,
    })
  })

  test('of what history does not hold any more: not recovered', async () => {
    const short = { history: { size: 2 } }
    expect(await recovering(short, { epoch: 'epoch-1', offset: 0 })).toMatchObject({ recovered: false })
    expect(await recovering(short, { epoch: 'epoch-1', offset: 1 })).toMatchObject({ recovered: true, data: [2, 3] })
  })

  test("in mode 'cache': the newest, unless the client has it", async () => {
    const cache = { recover: 'cache' } as const
    const newest = {
      data: [3],
      recovered: true,
      was_recovering: true,
      recoverable: true,
      positioned: undefined,
      offset: 2,
    }
    expect(await recovering(cache, {})).toEqual(newest)
    expect(await recovering(cache, { epoch: 'epoch-1', offset: 1 })).toEqual(newest)
    const known = { ...newest, data: undefined, offset: 3 }
    expect(await recovering(cache, { epoch: 'epoch-1', offset: 3 })).toEqual(known)
    expect(await recovering(cache, {}, 0)).toMatchObject({ data: undefined, recovered: false, offset: 0 })
  })

  test('where there is none: not recovered', async () => {
    const request = { epoch: 'epoch-1', offset: 1 }
    expect(await recovering({ recover: false }, request)).toMatchObject({ recovered: false, recoverable: undefined })
    expect(await recovering({ history: { size: 0 } }, request)).toMatchObject({ recovered: false, offset: undefined })
  })

  test('what is published while history is read comes once, behind it', async () => {
    const manual = createManualBroker()
    const delayed = new DelayedBroker(manual.broker)
    const bench = createSessionBench({ broker: delayed }, manual)
    await bench.hub.publish('a', 1)
    const ann = await connectedClient(bench)
    ann.write({ id: 2, subscribe: { channel: 'a', recover: true, epoch: 'epoch-1', offset: 0 } })
    // Subscribed at the broker, then history is read; its answer is on the way when the next is published.
    for (const lane of ['calls', 'answers', 'calls'] as const) {
      await settled()
      delayed.release(lane)
    }
    await settled()
    await bench.hub.publish('a', 2)
    delayed.release('publications')
    expect(ann.reply(2)).toEqual({})
    delayed.releaseAll()
    await settled()
    await bench.hub.publish('a', 3)
    const { publications = [], offset } = ann.reply(2).subscribe ?? {}
    expect([...publications.map(({ data }) => data), ...ann.heard('a')]).toEqual([1, 2, 3])
    expect(offset).toBe(0)
  })
})

describe('unsubscribe', () => {
  test('nothing comes any more, and it may be subscribed again', async () => {
    const bench = createSessionBench()
    const ann = await connectedClient(bench)
    await ann.ask({ subscribe: { channel: 'a' } })
    expect(await ann.ask({ unsubscribe: { channel: 'a' } })).toEqual({ id: 3, unsubscribe: {} })
    await bench.hub.publish('a', 1)
    expect(ann.pushes).toEqual([])
    expect((await ann.ask({ subscribe: { channel: 'a' } })).subscribe?.offset).toBe(1)
  })

  test('of what there is not is no error', async () => {
    const bench = createSessionBench()
    expect(await (await connectedClient(bench)).ask({ unsubscribe: { channel: 'a' } })).toEqual({
      id: 2,
      unsubscribe: {},
    })
  })
})

describe('the server', () => {
  test('subscribes sessions, which are told, and unsubscribes them', async () => {
    const heard: unknown[] = []
    const bench = createSessionBench({
      authenticate,
      namespaces: { closed: { subscribe: 'server' } },
      onSubscribe: (session, { name }) => heard.push(['subscribed', session.user, name]),
      onUnsubscribe: (session, { name }, { code }) => heard.push(['unsubscribed', session.user, name, code]),
    })
    const [ann, bob] = [await connectedClient(bench, 'ann'), await connectedClient(bench, 'bob')]
    await bench.hub.sessions.subscribe({ user: 'ann' }, 'closed:1')
    await settled()
    await bench.hub.publish('closed:1', 1)
    await bench.hub.sessions.unsubscribe({ client: ann.session.client }, 'closed:1')
    expect(ann.pushes).toEqual([
      { channel: 'closed:1', subscribe: { recoverable: true, positioned: true, epoch: 'epoch-1', offset: 0 } },
      { channel: 'closed:1', pub: { data: 1, offset: 1 } },
      { channel: 'closed:1', unsubscribe: { code: 2000, reason: 'server unsubscribe' } },
    ])
    expect(bob.pushes).toEqual([])
    expect(heard).toEqual([
      ['subscribed', 'ann', 'closed:1'],
      ['unsubscribed', 'ann', 'closed:1', 2000],
    ])
  })

  test('is told of a channel in no namespace', async () => {
    const bench = createSessionBench({ authenticate, namespaces: { a: {} } })
    await connectedClient(bench, 'ann')
    await expect(bench.hub.sessions.subscribe({ user: 'ann' }, 'b:1')).rejects.toMatchObject({ code: 'ERR_NAMESPACE' })
  })

  test('ends sessions, on every hub of the cluster', async () => {
    const manual = createManualBroker()
    const [one, other] = [createSessionBench({ authenticate }, manual), createSessionBench({ authenticate })]
    const [ann, elsewhere] = [await connectedClient(one, 'ann'), await connectedClient(other, 'ann')]
    await one.hub.sessions.disconnect({ user: 'ann' }, { code: 4500, reason: 'bye' })
    expect(ann.closedWith).toEqual({ code: 4500, reason: 'bye' })
    // What the other hub's broker tells it.
    const action = { type: 'disconnect', target: { user: 'ann' } }
    other.hub.sessions.told(JSON.stringify({ kind: 'session-action', hub: 'hub-1', action }))
    expect(elsewhere.closedWith?.code).toBe(3503)
  })

  test.each([
    '',
    '{}',
    'null',
    '[]',
    '{"kind":"session-action","hub":"x"}',
    '{"kind":"other","hub":"x","action":{"target":{}}}',
  ])('hears nothing in %j', (message) => {
    expect(() => createSessionBench().hub.sessions.told(message)).not.toThrow()
  })
})
