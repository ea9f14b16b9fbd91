import type { ClusterOptions } from '@wigwag/hub'
import { describe, expect, test } from 'vitest'
import { createManualBroker } from './support/manual-broker.ts'
import { RemoteBroker, RemoteStore } from './support/remote-broker.ts'
import { createSessionBench, type SessionBench, settled, TestClient } from './support/session-clients.ts'

/** Two hubs that share a store, the second of which has a client whose transport goes down only. */
async function createHubs(cluster: ClusterOptions = {}) {
  const store = new RemoteStore()
  const create = (name: string): { readonly bench: SessionBench; readonly broker: RemoteBroker } => {
    const broker = new RemoteBroker(store)
    const bench = createSessionBench({ broker, cluster: { ...cluster, name } }, createManualBroker(), undefined, name)
    return { bench, broker }
  }
  const [a, b] = [create('a'), create('b')]
  await settled()
  const client = new PostingClient(b.bench.hub)
  const connected = await client.connect()
  const { node = '', session = '' } = connected.connect ?? {}
  return { a: a.bench, b: b.bench, broker: a.broker, client, node, session }
}

class PostingClient extends TestClient {
  // It is asked for before there are fields.
  get upstream(): 'posted' {
    return 'posted'
  }
}

describe('what a client says', () => {
  test('goes to its session from any hub', async () => {
    const { a, b, client, node, session } = await createHubs()
    expect(node).toBe(b.hub.sessions.hub)
    await b.hub.relay.say(node, session, '{"id":2,"ping":{}}')
    await a.hub.relay.say(node, session, '{"id":3,"ping":{}}')
    expect([client.reply(2), client.reply(3)]).toMatchObject([{ ping: {} }, { ping: {} }])
  })

  test('goes nowhere without the right address', async () => {
    const { a, node, session } = await createHubs()
    for (const [hub, address] of [
      ['x', session],
      [a.hub.sessions.hub, session],
      [node, `${session}x`],
      [node, ''],
    ] as const) {
      await expect(a.hub.relay.say(hub, address, '{}')).rejects.toMatchObject({ code: 'ERR_SESSION_UNKNOWN' })
    }
  })

  test('is taken for a while when the session has ended, as what says so may be on its way', async () => {
    const { a, b, client, node, session } = await createHubs()
    client.session.disconnect()
    await a.hub.relay.say(node, session, '{"id":2,"ping":{}}')
    await b.advance(14_000)
    await a.hub.relay.say(node, session, '{"id":2,"ping":{}}')
    await b.advance(2_000)
    await expect(b.hub.relay.say(node, session, '{}')).rejects.toMatchObject({ code: 'ERR_SESSION_UNKNOWN' })
  })

  test('is refused where its hub has gone, and while the broker is away', async () => {
    const { a, b, broker, node, session } = await createHubs()
    broker.cut()
    await expect(a.hub.relay.say(node, session, '{}')).rejects.toMatchObject({ code: 'ERR_BROKER_UNAVAILABLE' })
    broker.mend()
    await b.hub.close()
    await settled()
    await expect(a.hub.relay.say(node, session, '{}')).rejects.toMatchObject({ code: 'ERR_SESSION_UNKNOWN' })
  })

  test('is refused where it is longer than hubs tell each other', async () => {
    const { a, node, session } = await createHubs({ maxMessageBytes: 16 * 1024 })
    const saying = a.hub.relay.say(node, session, 'x'.repeat(16 * 1024))
    await expect(saying).rejects.toMatchObject({ code: 'ERR_CLUSTER_MESSAGE_TOO_LARGE' })
  })

  test('ends the session where it is no command', async () => {
    const { a, client, node, session } = await createHubs()
    await a.hub.relay.say(node, session, 'x')
    expect(client.closedWith?.code).toBe(3501)
  })
})
