import { expect, test } from 'vitest'
import { z } from 'zod'
import { serveApi } from '../support/served-api.ts'
import { openSocket, serveChannels } from '../support/served-channels.ts'

const namespaces = {
  orders: { schema: z.object({ status: z.enum(['open', 'shipped']) }), subscribe: 'anyone', publish: 'anyone' },
  notes: { schema: z.string().max(5), subscribe: 'anyone', publish: 'anyone' },
} as const

test("what is posted to a channel's URL has to fit: 400 with where and why", async () => {
  const { hub, publish } = await serveChannels({ namespaces })
  const refused = await publish('orders:42', '{"status":"lost"}', 'application/json')
  expect(refused.status).toBe(400)
  expect(await refused.text()).toBe('orders:42 data.status: Invalid option: expected one of "open"|"shipped"\n')
  const text = await publish('orders:42', '{"status":"open"}')
  expect(await text.text()).toBe('orders:42 data: Invalid input: expected object, received string\n')
  const taken = await publish('orders:42', '{"status":"open","more":1}', 'application/json')
  expect(taken.status).toBe(200)
  const { publications } = await hub.history('orders:42', 'latest')
  expect(publications.map(({ data }) => data)).toEqual([{ status: 'open' }])
})

test('a bare WebSocket that sends what does not fit is closed with 1008, and need not come back', async () => {
  const { hub, url } = await serveChannels({ namespaces })
  const { socket, next, closed } = await openSocket(url('/channel/notes%3A1').replace('http', 'ws'))
  socket.send('short')
  expect(await next()).toBe('short')
  socket.send('too long')
  expect(await closed).toEqual({
    code: 1008,
    reason: 'notes:1 data: Too big: expected string to have <=5 characters',
  })
  expect(hub.stats.published).toBe(1)
})

test('a call of the API that publishes what does not fit is error 107 with where and why, in each channel by itself', async () => {
  const { call, hub } = await serveApi({ namespaces })
  const error = {
    code: 107,
    message: 'orders:42 data.status: Invalid option: expected one of "open"|"shipped"',
  }
  expect((await call('publish', { channel: 'orders:42', data: { status: 'lost' } })).body).toEqual({ error })
  const { body } = await call('broadcast', { channels: ['orders:42', 'notes:1'], data: 'short' })
  expect(body.result.responses).toMatchObject([
    { error: { code: 107, message: 'orders:42 data: Invalid input: expected object, received string' } },
    { result: { offset: 1 } },
  ])
  expect(hub.stats.published).toBe(1)
})
