import { Centrifuge as Protobuf } from 'centrifuge/build/protobuf'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { clientRealms } from '../support/client-realms.ts'
import { nextEvent, serveSessions } from '../support/served-sessions.ts'

describe.each(clientRealms())('what is not spoken, with centrifuge over $name', ({ serve }) => {
  test('deltas: publications come whole', async () => {
    const { hub, user } = await serve()
    const ann = await user()
    await ann.connect()
    await ann.subscribe('a', { delta: 'fossil' })
    for (const n of [1, 2]) await hub.publish('a', { n, same: 'text' })
    expect((await ann.heard('a', 'publication', 2)).map(({ data }) => data)).toEqual([
      { n: 1, same: 'text' },
      { n: 2, same: 'text' },
    ])
  })

  test('a filter of tags, maps and shared polls are refused: else a client would take for them what is none', async () => {
    const { user } = await serve()
    const ann = await user()
    await ann.connect()
    await ann.run(({ centrifuge, open, record }) => {
      open('filtered', { tagsFilter: { key: 'level', cmp: 'eq', val: '1' } })
      for (const subscription of [
        centrifuge.newMapSubscription('map'),
        centrifuge.newSharedPollSubscription('poll', { getSignature: async () => ({ signature: 'x' }) as never }),
      ]) {
        record(subscription.channel, subscription as never, 'unsubscribed')
        subscription.subscribe()
      }
    })
    for (const channel of ['filtered', 'map', 'poll']) {
      expect(await ann.heard(channel, 'unsubscribed')).toEqual([{ channel, code: 108, reason: 'not available' }])
    }
  })
})

test('Protobuf: no such subprotocol is agreed on, which clients take for a failure to connect', async () => {
  const { port } = await serveSessions()
  const client = new Protobuf(`ws://127.0.0.1:${port}/connection/websocket`, { websocket: WebSocket })
  onTestFinished(() => client.disconnect())
  const failed = nextEvent<{ type: string }>(client, 'error')
  client.connect()
  expect(await failed).toMatchObject({ type: 'transport' })
})

describe('what no client of the protocol says', () => {
  async function rude(): Promise<{
    ask(packet: unknown): Promise<unknown>
    closed: Promise<number>
    socket: WebSocket
  }> {
    const { port } = await serveSessions()
    const socket = new WebSocket(`ws://127.0.0.1:${port}/connection/websocket`)
    onTestFinished(() => socket.terminate())
    await new Promise((resolve) => socket.once('open', resolve))
    const ask = (packet: unknown): Promise<unknown> =>
      new Promise((resolve) => {
        socket.once('message', (text) => resolve(JSON.parse(String(text))))
        socket.send(typeof packet === 'string' ? packet : JSON.stringify(packet))
      })
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    await ask({ id: 1, connect: { flavour: 'vanilla', subs: null, data: null }, priority: 9 })
    return { ask, closed, socket }
  }

  test('unknown fields are ignored, unknown commands and faulty ones are errors, and the session goes on', async () => {
    const { ask } = await rude()
    expect(await ask({ id: 2, dance: {} })).toMatchObject({ id: 2, error: { code: 104 } })
    expect(await ask({ id: 3 })).toMatchObject({ id: 3, error: { code: 104 } })
    expect(await ask({ id: 4, subscribe: { channel: 7 } })).toEqual({
      id: 4,
      error: { code: 107, message: '"subscribe.channel" must be a string.' },
    })
    expect(await ask({ id: 5, ping: {}, cheese: 'brie' })).toEqual({ id: 5, ping: {} })
  })

  test.each([
    ['no JSON', 'hello', 3501],
    ['a command without a number', '{"rpc":{"method":"x"}}', 3501],
    ['a second connect', '{"id":2,"connect":{}}', 3501],
    ['bytes', new Uint8Array([123, 125]), 3506],
  ])('%s ends the session', async (_what, data, code) => {
    const { socket, closed } = await rude()
    socket.send(data)
    expect(await closed).toBe(code)
  })
})
