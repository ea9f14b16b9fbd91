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
  return { a: a.bench, b: b.bench, broker: a.broker, brokerOfSession: b.broker, client, node, session }
}

class PostingClient extends TestClient {
  // It is asked for before there are fields.
  get upstream(): 'posted' {
    return 'posted'
  }
}

/** One that is polled: each poll waits until it is answered. */
class PolledClient extends TestClient {
  readonly polls: { readonly waitMs: number; readonly last: number; readonly answer: (text: string) => void }[] = []

  // It is asked for before there are fields.
  get upstream(): 'polled' {
    return 'polled'
  }

  poll(request: { readonly last: number; readonly waitMs: number }, answer: (text: string) => void): () => void {
    this.polls.push({ ...request, answer })
    return () => {}
  }
}

describe('what a client asks for', () => {
  async function createPolled() {
    const { a, b, brokerOfSession } = await createHubs()
    const client = new PolledClient(b.hub)
    const { node = '', session = '' } = (await client.connect()).connect ?? {}
    const poll = () => a.hub.relay.poll(node, session, { last: 1, waitMs: 50_000 }, () => {})
    return { a, b, brokerOfSession, client, poll }
  }

  test('is answered from any hub', async () => {
    const { client, poll } = await createPolled()
    const answer = poll()
    await settled()
    expect(client.polls).toMatchObject([{ last: 1 }])
    client.polls[0]?.answer('something')
    expect(await answer).toBe('something')
  })

  test('is soon asked for again when its answer was lost on its way from the other hub', async () => {
    const { a, brokerOfSession, client, poll } = await createPolled()
    const answer = poll()
    await settled()
    expect(client.polls[0]?.waitMs).toBeLessThanOrEqual(10_000)
    brokerOfSession.cut()
    client.polls[0]?.answer('lost')
    await settled()
    brokerOfSession.mend()
    const told = expect(answer).resolves.toBe('{"last":1,"packets":[]}\n')
    // All that was asked is over by then.
    await a.advance(5000, 5000)
    await told
  })
})

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
