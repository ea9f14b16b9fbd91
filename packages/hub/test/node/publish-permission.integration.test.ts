import { type PermissionQuestion, refuse } from '@wigwag/hub'
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
