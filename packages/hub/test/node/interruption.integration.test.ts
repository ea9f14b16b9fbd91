import { PUBLICATION_SUBPROTOCOL } from '@wigwag/hub'
import { expect, test } from 'vitest'
import { RemoteBroker, RemoteStore } from '../support/remote-broker.ts'
import { openEvents, openSocket, type ServedChannels, serveChannels } from '../support/served-channels.ts'

/** Channels whose broker can be cut off, and another hub's broker on the same store. */
async function serveCuttable(
  store: RemoteStore = new RemoteStore(),
): Promise<ServedChannels & { readonly broker: RemoteBroker; readonly elsewhere: RemoteBroker }> {
  const [broker, elsewhere] = [new RemoteBroker(store), new RemoteBroker(store)]
  return { ...(await serveChannels({ broker })), broker, elsewhere }
}

const LINES = { subprotocols: [PUBLICATION_SUBPROTOCOL] }

test('through an outage of the broker every connection stays, and each form catches up in its own way', async () => {
  const { url, broker, elsewhere } = await serveCuttable()
  const lines = await openSocket(url('/channel/a?live=1'), LINES)
  await lines.next()
  const bare = await openSocket(url('/channel/a'))
  const events = await openEvents(url('/channel/a'))
  await events.live()
  await elsewhere.publish('a', 1)
  for (const socket of [lines, bare]) await socket.next()
  broker.cut()
  await elsewhere.publish('a', 2)
  const polled = fetch(url('/channel/a?wait=30'), { headers: { 'if-none-match': '"epoch-1:1"' } })
  broker.mend()
  await elsewhere.publish('a', 3)
  expect((await lines.next()) as string).toContain('"data":2')
  expect(JSON.parse((await lines.next()) as string)).toMatchObject({ data: 3 })
  expect(JSON.parse((await lines.next()) as string)).toEqual({ live: { position: 'epoch-1:3', recovered: 2 } })
  expect([await bare.next(), await bare.next()]).toEqual(['2', '3'])
  const told = [await events.next(), await events.next(), await events.next()]
  expect(told.map(({ data }) => data)).toEqual(['1', '2', '3'])
  const batch = (await (await polled).json()) as { data: number }[]
  expect(batch[0]).toMatchObject({ data: 2 })
  expect([lines, bare].map(({ socket }) => socket.phase)).toEqual(['open', 'open'])
})

test('a bare WebSocket that never asked to recover is not closed for a gap, and nothing comes to it twice', async () => {
  const store = new RemoteStore({ history: { size: 10 }, maxChannels: 1 })
  const { url, broker, elsewhere } = await serveCuttable(store)
  const bare = await openSocket(url('/channel/a'))
  const lines = await openSocket(url('/channel/a?live=1'), LINES)
  await lines.next()
  await elsewhere.publish('a', 1)
  expect(await bare.next()).toBe('1')
  broker.cut()
  // The stream is lost and begins anew, with what was known before.
  store.loseStreams()
  await elsewhere.publish('a', 1)
  store.advance(1)
  await elsewhere.publish('a', 2)
  broker.mend()
  await elsewhere.publish('a', 3)
  expect([await bare.next(), await bare.next()]).toEqual(['2', '3'])
  await lines.next()
  expect(JSON.parse((await lines.next()) as string)).toMatchObject({ gap: { reason: 'epoch-changed' } })
  expect(bare.messages).toEqual(['1', '2', '3'])
})

test('while the broker is away publishing is answered with 503 and Retry-After, and reading, too', async () => {
  const { url, broker, publish } = await serveCuttable()
  broker.cut()
  for (const refused of [await publish('a', 'never'), await fetch(url('/channel/a'))]) {
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('1')
    const text = await refused.text()
    expect(text).toContain('The broker behind this server is away; nothing was done.')
    // Where the broker is and what it says is for those who run it.
    expect(text).not.toContain('cut the line')
  }
})
