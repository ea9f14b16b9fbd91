import { createRequire } from 'node:module'
import type * as Cent from 'cent.js'
import { expect, test } from 'vitest'
import { API_KEY, serveApi } from '../../support/served-api.ts'
import { nextEvent } from '../../support/served-sessions.ts'

// It is CommonJS, with a helper for what it exports that ES modules do not see through.
const { CentClient } = createRequire(import.meta.url)('cent.js') as typeof Cent

test("a library for Centrifugo's API works as it is", async () => {
  const served = await serveApi({
    authenticate: ({ token = '' }) => ({ user: token }),
    namespaces: { '': { subscribe: 'anyone', presence: true } },
  })
  const cent = new CentClient({ url: served.url('/api'), apiKey: API_KEY })
  const client = served.client({ token: 'ann' })
  const connecting = nextEvent<{ client: string }>(client, 'connected')
  client.connect()
  const { client: id } = await connecting

  const subscribing = nextEvent(client, 'subscribed')
  await cent.subscribe({ user: 'ann', channel: 'a' })
  await subscribing
  const arriving = nextEvent<{ data: unknown }>(client, 'publication')
  const published = await cent.publish({ channel: 'a', data: { n: 1 } })
  expect(published).toEqual({ offset: 1, epoch: expect.any(String) })
  expect((await arriving).data).toEqual({ n: 1 })
  expect(await cent.broadcast({ channels: ['a', 'b'], data: { n: 2 } })).toMatchObject({ responses: [{}, {}] })
  expect(await cent.getHistory({ channel: 'a', limit: 10 })).toMatchObject({ offset: 2, publications: [{}, {}] })
  await expect
    .poll(() => cent.getPresence({ channel: 'a' }))
    .toEqual({ presence: { [id]: { client: id, user: 'ann' } } })
  expect(await cent.getPresenceStats({ channel: 'a' })).toEqual({ num_clients: 1, num_users: 1 })
  expect(await cent.getChannels({ pattern: '' })).toEqual({ channels: { a: { num_clients: 1 } } })
  expect(await cent.getInfo()).toMatchObject({ nodes: [{ num_clients: 1 }] })
  await cent.removeHistory({ channel: 'a' })
  expect(await cent.getHistory({ channel: 'a', limit: 10 })).toMatchObject({ offset: 2, publications: [] })
  await cent.refresh({ user: 'ann', client: id })
  await cent.unsubscribe({ user: 'ann', channel: 'a' })
  const ending = nextEvent<{ code: number }>(client, 'disconnected')
  await cent.disconnect({ user: 'ann' })
  expect((await ending).code).toBe(3503)
  await expect(cent.publish({ channel: 'no:where', data: {} })).rejects.toThrow()
  const replies = await cent.pipeline([
    { method: 'publish', params: { channel: 'a', data: 1 } },
    { method: 'channels', params: {} },
  ] as never)
  expect(replies).toEqual([{ offset: 3, epoch: expect.any(String) }, { channels: {} }])
})
