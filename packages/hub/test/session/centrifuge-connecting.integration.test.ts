import { AuthenticationRefusal, type ConnectQuestion, type HubOptions, refuse } from '@wigwag/hub'
import { jwt } from '@wigwag/hub/jwt'
import { describe, expect, test } from 'vitest'
import { Arrivals } from '../support/arrivals.ts'
import { clientRealms } from '../support/client-realms.ts'
import { SECRET, signToken } from '../support/tokens.ts'

const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds

describe.each(clientRealms('all'))('connecting with centrifuge over $name', ({ serve, transport: over }) => {
  test('without authentication everybody is anonymous', async () => {
    const { hub, user } = await serve()
    const anonymous = await user()
    const { client, transport } = await anonymous.connect()
    expect(transport).toBe(over)
    expect(hub.sessions.get(client as string)).toMatchObject({ user: '', transport: over })
    await expect(anonymous.run(({ centrifuge }) => centrifuge.ready(50))).resolves.toBeUndefined()
  })

  test('a token says who it is, or the one that getToken gets', async () => {
    const { hub, user } = await serve({ authenticate: jwt({ secret: SECRET }) })
    const token = await signToken({ sub: 'ann', exp: inSeconds(60), info: { name: 'Ann' } })
    await (await user({ token })).connect()
    await (await user({ tokens: [token] })).connect()
    expect(hub.sessions.ofUser('ann').map(({ info }) => info)).toEqual([{ name: 'Ann' }, { name: 'Ann' }])
  })

  test('the application is asked with data, name, version and headers, and answers with data', async () => {
    const questions: ConnectQuestion[] = []
    const { user } = await serve({
      authenticate: (question) => {
        questions.push(question)
        return { user: 'ann', data: { motd: 'hello' } }
      },
    })
    const said = { name: 'shop', version: '1.2', headers: { Authorization: 'Bearer x' } }
    expect((await (await user({ ...said, data: { page: 1 } })).connect()).data).toEqual({ motd: 'hello' })
    await (await user({ ...said, laterData: { page: 2 } })).connect()
    expect(questions).toMatchObject([
      { name: 'shop', version: '1.2', data: { page: 1 }, transport: over },
      { name: 'shop', version: '1.2', data: { page: 2 } },
    ])
    expect(questions[0]?.header?.('authorization')).toBe('Bearer x')
  })

  test('a token whose time is up is replaced, and the client connects with the new one', async () => {
    const { hub, user } = await serve({ authenticate: jwt({ secret: SECRET }) })
    const [token, fresh] = await Promise.all(
      [-60, 60].map((seconds) => signToken({ sub: 'ann', exp: inSeconds(seconds) })),
    )
    const ann = await user({ token: token as string, tokens: [fresh as string] })
    await ann.connect()
    expect(await ann.heard('', 'error')).toMatchObject([
      { type: 'connect', error: { code: 109, message: 'token expired' } },
    ])
    expect(hub.sessions.ofUser('ann').length).toBe(1)
  })

  const byToken: NonNullable<HubOptions['authenticate']> = ({ token }) => {
    if (token === 'expired') return new AuthenticationRefusal('expired', 'too old')
    if (token === 'forged') return new AuthenticationRefusal('invalid', 'forged')
    if (token === 'banned') return refuse(4501, 'banned')
    if (token === 'unpaid') return refuse(402, 'pay first')
    return token === undefined ? new AuthenticationRefusal('no-token', 'none') : { user: token }
  }

  test.each([
    ['is forged', { token: 'forged' }, 3500, 'invalid token'],
    ['is not there', {}, 101, 'unauthorized'],
    ['is too old, and there is no other', { token: 'expired' }, 1, 'unauthorized'],
    ['getToken will not give', { tokens: [] }, 1, 'unauthorized'],
    ['the application refuses with an error', { token: 'unpaid' }, 402, 'pay first'],
    ['the application ends the session for', { token: 'banned' }, 4501, 'banned'],
  ])('with a token that %s the client gives up', async (_what, options, code, reason) => {
    const { hub, user } = await serve({ authenticate: byToken })
    const eve = await user(options)
    const ready = await eve.run(({ centrifuge, failure }) => {
      centrifuge.connect()
      return failure(centrifuge.ready())
    })
    expect(ready).toMatchObject({ code: 3 })
    expect(await eve.heard('', 'disconnected')).toEqual([{ code, reason }])
    expect(hub.sessions.stats.connected).toBe(0)
  })

  test('who is told to come back does so: by an error that is temporary, or a code that says so', async () => {
    const answers = [refuse(500, 'busy', { temporary: true }), refuse(4001, 'later')]
    const { user } = await serve({ authenticate: () => answers.shift() ?? { user: 'ann' } })
    const ann = await user()
    await ann.connect()
    expect((await ann.heard('', 'error'))[0]).toMatchObject({ type: 'connect', error: { code: 500, message: 'busy' } })
    expect(answers).toEqual([])
  })

  test('nobody is ready where nobody answers', async () => {
    const { user } = await serve({ authenticate: () => new Promise(() => {}), sessions: { connectTimeoutMs: 60_000 } })
    const ann = await user({ timeout: 100 })
    const failures = await ann.run(async ({ centrifuge, open, failure }) => {
      const subscription = open('news')
      centrifuge.connect()
      return [await failure(centrifuge.ready(20)), await failure(subscription.ready(20))]
    })
    expect(failures).toMatchObject([{ code: 1 }, { code: 1 }])
    // Where the machine is busy a socket may not even open in that time, now and then.
    let errors = await ann.heard('', 'error')
    while (!errors.some(({ type }) => type === 'connect')) errors = await ann.heard('', 'error', errors.length + 1)
    expect(errors.find(({ type }) => type === 'connect')).toMatchObject({ error: { code: 1 } })
  })

  test('one session too many of a user is not let in', async () => {
    const { user } = await serve({ authenticate: () => ({ user: 'ann' }), sessions: { maxSessionsPerUser: 1 } })
    await (await user()).connect()
    const second = await user()
    await second.run(({ centrifuge }) => centrifuge.connect())
    expect(await second.heard('', 'disconnected')).toEqual([{ code: 3504, reason: 'connection limit' }])
  })

  test('a hub that is full, or closing, is tried again', async () => {
    const { hub, user } = await serve({ sessions: { maxSessions: 1 } })
    const [first, second] = [await user(), await user()]
    await first.connect()
    await second.run(({ centrifuge }) => centrifuge.connect())
    expect((await second.heard('', 'error'))[0]).toMatchObject({ type: 'transport' })
    await first.run(({ centrifuge }) => centrifuge.disconnect())
    expect(await first.heard('', 'disconnected')).toEqual([{ code: 0, reason: 'disconnect called' }])
    await second.heard('', 'connected')
    await hub.close()
    expect((await second.heard('', 'connecting', 2))[1]).toEqual({ code: 3001, reason: 'shutdown' })
  })
})

describe.each(clientRealms())('credentials that end, with centrifuge over $name', ({ serve }) => {
  /** A token is a user's name, and until when it is good: not longer than a client waits before it asks for another. */
  const passing: NonNullable<HubOptions['authenticate']> = ({ token = '' }) => {
    if (token === 'forged') return new AuthenticationRefusal('invalid', 'forged')
    if (token === 'expired') return new AuthenticationRefusal('expired', 'too old')
    return { user: token.split(' ')[0] as string, ...(token.endsWith(' passing') && { expiresAt: Date.now() + 900 }) }
  }

  test('are renewed on the live session', async () => {
    const tokens: unknown[] = []
    const arrivals = new Arrivals()
    const { hub, user } = await serve({
      authenticate: (question) => {
        tokens.push(question.token)
        arrivals.tell()
        return passing(question)
      },
    })
    const ann = await user({ token: 'ann passing', tokens: ['ann passing', 'ann'] })
    const { client } = await ann.connect()
    await ann.subscribe('news')
    await arrivals.until(() => tokens.length === 3)
    expect(tokens).toEqual(['ann passing', 'ann passing', 'ann'])
    await hub.publish('news', 'still here')
    expect(await ann.heard('news', 'publication')).toMatchObject([{ data: 'still here' }])
    expect(hub.sessions.get(client as string)).toBeDefined()
    expect(await ann.heard('', 'connected')).toHaveLength(1)
  })

  test.each([
    ['forged', 3500, 'invalid token'],
    ['bob', 3500, 'invalid token'],
  ])('end for good with a token that is %s', async (token, code, reason) => {
    const { user } = await serve({ authenticate: passing })
    const ann = await user({ token: 'ann passing', tokens: [token] })
    await ann.connect()
    expect(await ann.heard('', 'disconnected')).toEqual([{ code, reason }])
  })

  test('with a token that is too old already, the client comes back with a newer one', async () => {
    const { hub, user } = await serve({ authenticate: passing })
    const ann = await user({ token: 'ann passing', tokens: ['expired', 'ann'] })
    await ann.connect()
    await ann.heard('', 'connected', 2)
    expect((await ann.heard('', 'connecting')).map(({ code }) => code)).toEqual([0, 3005])
    expect((await ann.heard('', 'error')).map(({ error }) => error?.code)).toEqual([109])
    expect(hub.sessions.ofUser('ann').length).toBe(1)
  })

  test('end the session when they are not renewed in time', async () => {
    const { user } = await serve({ authenticate: passing, sessions: { expiryGraceMs: 0 } })
    const ann = await user({ token: 'ann passing', tokens: 'never' })
    await ann.connect()
    expect((await ann.heard('', 'connecting', 2))[1]).toEqual({ code: 3005, reason: 'connection expired' })
  })

  test('last for ever when the server says so', async () => {
    const { hub, user } = await serve({ authenticate: passing, sessions: { expiryGraceMs: 0 } })
    const ann = await user({ token: 'ann passing', tokens: 'never' })
    await ann.connect()
    await hub.sessions.refresh({ user: 'ann' })
    await expect(ann.run(({ centrifuge }) => centrifuge.ready(50))).resolves.toBeUndefined()
    expect(hub.sessions.ofUser('ann').length).toBe(1)
  })
})
