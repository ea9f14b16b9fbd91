import { type ApplicationRefusal, type PermissionQuestion, refuse } from '@wigwag/hub'
import { expect, test } from 'vitest'
import { serveSessions } from '../support/served-sessions.ts'

test('a function says what is published, with which tags, and once by its key', async () => {
  const questions: PermissionQuestion[] = []
  const { hub, client } = await serveSessions({
    namespaces: {
      '': {
        publish: (question) => {
          questions.push(question)
          if (question.data === 'same') return true
          if (question.data === 'none') return false
          if (question.data === 'rude') return refuse(422, 'too rude')
          return { data: null, tags: { by: 'us' }, idempotencyKey: 'k' }
        },
      },
    },
    onPublish: ({ data }) => (data === null ? undefined : { data: [data] }),
  })
  const centrifuge = client()
  const subscription = centrifuge.newSubscription('news')
  subscription.subscribe()
  centrifuge.connect()
  await subscription.ready()
  for (const data of ['same', 'other', 'another']) await centrifuge.publish('news', data)
  await expect(centrifuge.publish('news', 'none')).rejects.toMatchObject({ code: 103 })
  await expect(centrifuge.publish('news', 'rude')).rejects.toMatchObject({ code: 422 })
  const { publications } = await hub.history('news', undefined, {})
  expect(publications.map(({ data, tags }) => ({ data, tags }))).toEqual([
    { data: ['same'], tags: undefined },
    { data: null, tags: { by: 'us' } },
  ])
  expect(questions[0]).toMatchObject({ transport: 'websocket', isSubscribed: true, data: 'same' })
})

test('on a URL nothing can be published instead of the body, so nothing is', async () => {
  const { hub, publish } = await serveSessions({
    namespaces: { '': { publish: ({ channel }) => channel.name === 'plain' || { data: 'clean' } } },
  })
  expect((await publish('plain', 'hello')).status).toBe(200)
  expect((await publish('news', 'dirty')).status).toBe(403)
  expect((await hub.history('news', undefined, {})).publications).toEqual([])
})

test("on a URL the application's own code is the status where it is one of HTTP's", async () => {
  const codes: Record<string, ApplicationRefusal> = {
    rude: refuse(422, 'too rude'),
    busy: refuse(503, 'busy', { temporary: true }),
    nobody: refuse(401, 'who are you?'),
    special: refuse(1000, 'not like this'),
    banned: refuse(4500, 'banned'),
  }
  const { publish } = await serveSessions({
    namespaces: { '': { publish: ({ channel }) => codes[channel.name] ?? true } },
  })
  const answer = async (channel: string) => {
    const response = await publish(channel, 'hello')
    return [response.status, response.headers.get('retry-after'), await response.text()]
  }
  expect(await answer('rude')).toEqual([422, null, expect.stringContaining('too rude')])
  expect(await answer('busy')).toEqual([503, '1', expect.stringContaining('busy')])
  expect(await answer('nobody')).toEqual([401, null, expect.stringContaining('who are you?')])
  expect(await answer('special')).toEqual([403, null, expect.stringContaining('not like this')])
  expect(await answer('banned')).toEqual([403, null, expect.stringContaining('banned')])
})
