import { HubError } from '@wigwag/hub'
import { Tickets } from '@wigwag/hub/node'
import { refuse } from '@wigwag/socket'
import { WebSocket } from 'undici'
import { expect, test } from 'vitest'
import { serveChannels } from '../support/served-channels.ts'

/** Channels that are for whoever brings a ticket, each user to the channel of the same name. */
async function serveTickets() {
  const tickets = new Tickets()
  const served = await serveChannels({
    authorize: async ({ channel, incoming }) => {
      const who = await tickets.redeem(incoming)
      return who === undefined ? refuse(401, 'Bring a ticket.') : who.user === channel
    },
  })
  const get = async (channel: string, query = ''): Promise<number> =>
    (await fetch(served.url(`/channel/${channel}${query}`))).status
  const open = (channel: string, ticket: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${served.port}/channel/${channel}?ticket=${ticket}`)
      socket.onopen = () => socket.send('hello')
      socket.onmessage = ({ data }) => {
        resolve(String(data))
        socket.close()
      }
      socket.onerror = () => resolve('refused')
    })
  return { tickets, get, open }
}

test('a ticket opens one request, and no second', async () => {
  const { tickets, get } = await serveTickets()
  const ticket = await tickets.issue({ user: 'ada' })
  const statuses = await Promise.all([get('ada', `?ticket=${ticket}`), get('ada', `?ticket=${ticket}`)])
  expect(statuses.filter((status) => status === 401)).toHaveLength(1)
  expect(await get('ada', `?ticket=${ticket}`)).toBe(401)
})

test('a WebSocket with a ticket both subscribes and publishes; a second one with it is refused', async () => {
  const { tickets, open } = await serveTickets()
  const ticket = await tickets.issue({ user: 'ada' })
  expect(await open('ada', ticket)).toContain('hello')
  expect(await open('ada', ticket)).toBe('refused')
})

test('a ticket is good for its user, and is used up all the same', async () => {
  const { tickets, get } = await serveTickets()
  const ticket = await tickets.issue({ user: 'ada' })
  expect(await get('bob', `?ticket=${ticket}`)).toBe(403)
  expect(await get('ada', `?ticket=${ticket}`)).toBe(401)
})

test('no ticket, a made up one, or two at once', async () => {
  const { tickets, get } = await serveTickets()
  const ticket = await tickets.issue({ user: 'ada' })
  const queries = ['', '?', '?ticket=', `?ticket=${'A'.repeat(43)}`, `?ticket=${ticket}x`, `?ticket=&ticket=${ticket}`]
  for (const query of queries) expect(await get('ada', query), query).toBe(401)
  expect(await get('ada', `?ticket=${ticket}`)).not.toBe(401)
})

test('while the store is away a request is told to come back, and not where the store is', async () => {
  const away = (): Promise<never> =>
    Promise.reject(new HubError('ERR_TICKETS_UNAVAILABLE', 'Redis at 10.1.2.3:6379 cannot be used.'))
  const tickets = new Tickets({ store: { put: async () => {}, take: away } })
  const served = await serveChannels({
    authorize: async ({ incoming }) => (await tickets.redeem(incoming)) !== undefined,
  })
  const ticket = await tickets.issue({ user: 'ada' })
  const answer = await fetch(served.url(`/channel/ada?ticket=${ticket}`))
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await answer.text()).not.toContain('10.1.2.3')
})

test('the store never sees a ticket', async () => {
  const keys: string[] = []
  const tickets = new Tickets({ store: { put: async (key) => void keys.push(key), take: async () => undefined } })
  const ticket = await tickets.issue({ user: 'ada' })
  expect(keys).toHaveLength(1)
  expect(keys[0]).not.toContain(ticket)
  expect(() => new Tickets({ ticketTtlMs: 0 })).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
})
