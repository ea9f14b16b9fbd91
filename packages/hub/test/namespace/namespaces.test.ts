import { describe, expect, test } from 'vitest'
import { Namespaces } from '../../src/namespace/namespaces.ts'
import { createSessionBench } from '../support/session-clients.ts'

describe('the namespace of a channel', () => {
  const named = new Namespaces({ '': {}, orders: {}, 'orders*': {} }, 'user')
  test.each([
    ['lobby', ''],
    ['orders:42', 'orders'],
    ['orders:42:7', 'orders'],
    [':42', ''],
    ['other:42', undefined],
    ['orders', ''],
  ])('%j is in %j', (channel, name) => expect(named.resolve(channel)?.namespace.name).toBe(name))

  test("'*' is that of every channel that is in no other", () => {
    const rest = new Namespaces({ orders: {}, '*': { publish: 'user' } }, 'user')
    const names = ['orders:1', 'lobby', 'other:1', '*:1'].map((channel) => rest.resolve(channel)?.namespace.name)
    expect(names).toEqual(['orders', '*', '*', '*'])
    expect(rest.resolve('other:1')?.parts).toEqual({ name: 'other:1', namespace: 'other', rest: '1' })
  })

  test.each(['a:b', 'a#', 'a,b'])('no name takes what %j has', (name) => {
    expect(() => new Namespaces({ [name]: {} }, 'user')).toThrow(/no name takes/)
  })
})

describe('where nothing was decided', () => {
  test('everybody may do on a session what a channel’s URL lets everybody do', async () => {
    const client = createSessionBench().client()
    await client.connect()
    expect((await client.ask({ publish: { channel: 'a', data: 1 } })).error).toBeUndefined()
    expect((await client.ask({ history: { channel: 'a', limit: 10 } })).error?.code).toBe(103)
    await client.ask({ subscribe: { channel: 'a' } })
    const { history } = await client.ask({ history: { channel: 'a', limit: 10 } })
    expect(history?.publications?.map(({ data }) => data)).toEqual([1])
    expect((await client.ask({ presence: { channel: 'a' } })).error?.code).toBe(108)
  })

  test('but where somebody says who clients are, no client publishes unless a namespace lets it', async () => {
    const client = createSessionBench({ authenticate: () => ({ user: 'ann' }) }).client()
    await client.connect()
    expect((await client.ask({ publish: { channel: 'a', data: 1 } })).error?.code).toBe(103)
  })
})
