import type { Hub, Position } from '@wigwag/hub'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DelayedBroker } from '../support/delayed-broker.ts'
import { FollowingClient } from '../support/following-client.ts'
import { RemoteBroker, RemoteStore } from '../support/remote-broker.ts'
import { createSessionBench, type SessionBench, settled } from '../support/session-clients.ts'

const NODES = 2
const CLIENTS = 3
/** Those that clients subscribe to themselves: one whose slow sessions end, and one whose slow subscriptions do. */
const OWN = ['news', 'drop:news']
/** The same in everybody's credentials. */
const GIVEN = ['inbox', 'drop:inbox']
const CHANNELS = [...OWN, ...GIVEN]
const LANES = ['calls', 'answers', 'publications'] as const
const HISTORY = 6
const MAX_RECOVERED = 4

/** One hub, and its line to the store. */
interface Node {
  readonly bench: SessionBench
  readonly remote: RemoteBroker
  readonly delayed: DelayedBroker
}

/** What the commands act on: two hubs that share a store, and clients that go from one to the other. */
class Played {
  readonly store = new RemoteStore()
  readonly nodes: readonly Node[] = Array.from({ length: NODES }, () => startNode(this.store))
  readonly clients: readonly FollowingClient[]
  readonly #stored = new Map<string, unknown>()
  #published = 0

  /** `seen` notes what clients were told. */
  constructor(seen: Set<string>) {
    const truth = {
      at: (channel: string, { epoch, offset }: Position) => this.#stored.get(`${channel} ${epoch}:${offset}`),
    }
    this.clients = Array.from({ length: CLIENTS }, (_, i) => {
      // It comes back somewhere else each time.
      let turn = i
      const hub = (): Hub => this.node(turn++).bench.hub
      return new FollowingClient(hub, truth, OWN, GIVEN, seen)
    })
  }

  node(index: number): Node {
    return this.nodes[index % NODES] as Node
  }

  client(index: number): FollowingClient {
    return this.clients[index % CLIENTS] as FollowingClient
  }

  /** Everybody comes. */
  begin(): void {
    for (const client of this.clients) {
      for (const name of OWN) client.want(name)
      client.act()
    }
  }

  async publish(channel: string, node: number): Promise<void> {
    const data = `${channel} ${++this.#published}`
    const { remote, bench } = this.node(node)
    // Whoever publishes may be elsewhere. It is known what is where before anybody hears of it.
    const { position } = await this.store.broker.history(channel)
    const { epoch, offset } = position as Position
    this.#stored.set(`${channel} ${epoch}:${offset + 1}`, data)
    if (remote.status.state === 'connected') await bench.hub.publish(channel, data)
    else await this.store.broker.publish(channel, data)
  }

  /** What happened was allowed to happen. */
  async check(): Promise<void> {
    await settled()
    for (const client of this.clients) {
      expect(client.faults).toEqual([])
      for (const { channel, asked } of client.unrecovered.splice(0)) {
        const { gap, publications } = await this.store.broker.history(channel, asked)
        const couldRecover = gap === undefined && publications.length <= MAX_RECOVERED
        expect(couldRecover && { channel, asked }, 'not recovered, though everything is there').toBe(false)
      }
    }
    expect(this.nodes.flatMap(({ bench }) => bench.reports)).toEqual([])
  }

  /** All is well again: everybody comes to the end of what it wants. */
  async finish(): Promise<void> {
    for (const { remote, delayed } of this.nodes) {
      if (remote.status.state === 'disconnected') remote.mend()
      delayed.releaseAll()
    }
    for (let turn = 0; turn < 10; turn++) {
      for (const client of this.clients) {
        client.drain()
        client.act()
      }
      await this.check()
    }
    for (const { isConnected, standing } of this.clients) {
      expect(isConnected).toBe(true)
      for (const [channel, position] of standing) {
        expect({ channel, position }).toEqual({
          channel,
          position: (await this.store.broker.history(channel)).position,
        })
      }
    }
    for (const { bench } of this.nodes) {
      await bench.hub.close()
      expect(bench.hub.stats).toMatchObject({ channels: 0, subscriptions: 0, sessions: 0 })
    }
  }
}

function startNode(store: RemoteStore): Node {
  const remote = new RemoteBroker(store)
  const delayed = new DelayedBroker(remote)
  delayed.releaseAll()
  const history = { size: HISTORY }
  const bench = createSessionBench({
    broker: delayed,
    authenticate: () => ({ user: 'ann', channels: GIVEN }),
    namespaces: { '': { history }, drop: { history, recover: true, slowConsumer: { policy: 'drop-newest' } } },
    sessions: { maxRecoveredPublications: MAX_RECOVERED },
    outbox: { highWaterMarkBytes: 10, maxQueuedPackets: 2 },
  })
  return { bench, remote, delayed }
}

/** What the commands have to know of what they did. */
interface Model {
  readonly away: boolean[]
}

/** Something that happens, if it can. */
class Step implements fc.AsyncCommand<Model, Played> {
  readonly #words: string
  readonly #run: (played: Played, model: Model) => unknown
  readonly #check: (model: Model) => boolean

  constructor(
    words: string,
    run: (played: Played, model: Model) => unknown,
    check: (model: Model) => boolean = () => true,
  ) {
    this.#words = words
    this.#run = run
    this.#check = check
  }

  check(model: Readonly<Model>): boolean {
    return this.#check(model)
  }

  async run(model: Model, played: Played): Promise<void> {
    await this.#run(played, model)
    await played.check()
  }

  toString(): string {
    return this.#words
  }
}

const which = fc.nat(CLIENTS - 1)
const node = fc.nat(NODES - 1)
const channel = fc.constantFrom(...CHANNELS)
const own = fc.constantFrom(...OWN)
const lane = fc.nat(LANES.length - 1)

const publish = fc
  .tuple(channel, node)
  .map(([name, at]) => new Step(`publish in ${name} at ${at}`, (played) => played.publish(name, at)))
const act = fc.constant(
  new Step('everybody acts', ({ clients }) => {
    for (const client of clients) client.act()
  }),
)
const want = fc.tuple(which, own).map(
  ([client, name]) =>
    new Step(`${client} wants ${name}`, (played) => {
      played.client(client).want(name)
      played.client(client).act()
    }),
)
const leave = fc
  .tuple(which, own)
  .map(([client, name]) => new Step(`${client} leaves ${name}`, (played) => played.client(client).leave(name)))
const cut = which.map((client) => new Step(`${client} is cut`, (played) => played.client(client).cut()))
const stall = which.map((client) => new Step(`${client} stalls`, (played) => played.client(client).stall()))
const drain = which.map((client) => new Step(`${client} drains`, (played) => played.client(client).drain()))
const release = fc.tuple(node, lane).map(
  ([at, first]) =>
    new Step(`the broker of ${at} goes on with its ${LANES[first]}`, (played) => {
      const { delayed } = played.node(at)
      // With another one, where nothing waits in that.
      const lanes = [...LANES.slice(first), ...LANES]
      delayed.release(lanes.find((each) => delayed.waiting(each) > 0) ?? 'calls')
    }),
)
const hold = node.map((at) => new Step(`the broker of ${at} slows down`, (played) => played.node(at).delayed.hold()))
const flow = node.map((at) => new Step(`the broker of ${at} flows`, (played) => played.node(at).delayed.releaseAll()))
const lose = node.map(
  (at) =>
    new Step(
      `the broker of ${at} goes away`,
      ({ nodes }, { away }) => {
        away[at] = true
        nodes[at]?.remote.cut()
        // What was on its way went with the line.
        nodes[at]?.delayed.losePublications()
      },
      ({ away }) => away[at] !== true,
    ),
)
const flicker = fc.tuple(node, channel).map(
  ([at, name]) =>
    new Step(
      `the line of ${at} is cut for as long as something is published in ${name}`,
      async (played) => {
        const { remote, delayed } = played.node(at)
        remote.cut()
        delayed.losePublications()
        await played.publish(name, at)
        remote.mend()
      },
      ({ away }) => away[at] !== true,
    ),
)
const mend = node.map(
  (at) =>
    new Step(
      `the broker of ${at} is back`,
      ({ nodes }, { away }) => {
        away[at] = false
        nodes[at]?.remote.mend()
      },
      ({ away }) => away[at] === true,
    ),
)
const unsubscribe = fc.tuple(which, own).map(
  ([client, name]) =>
    new Step(`the server unsubscribes ${client} from ${name}`, (played) => {
      played.client(client).session?.unsubscribe(name)
    }),
)
const disconnect = which.map(
  (client) =>
    new Step(`the server disconnects ${client}`, (played) => {
      played.client(client).session?.disconnect({ code: 3011, reason: 'force reconnect' })
    }),
)
const removeHistory = channel.map(
  (name) => new Step(`the history of ${name} goes`, ({ store }) => store.broker.removeHistory(name)),
)
const forget = fc.constant(
  new Step(
    'the store forgets everything',
    ({ store }) => store.loseStreams(),
    // A server that starts again cuts all lines.
    ({ away }) => away.every((isAway) => isAway),
  ),
)
const wait = fc
  .constantFrom(1000, 4000, 30_000)
  .map((ms) => new Step(`${ms} ms go by`, ({ nodes }) => Promise.all(nodes.map(({ bench }) => bench.advance(ms)))))

/** How often each comes. */
const steps: readonly (readonly [number, fc.Arbitrary<Step>])[] = [
  [6, publish],
  [4, act],
  [2, want],
  [1, leave],
  [1, hold],
  [6, release],
  [1, flow],
  [2, cut],
  [2, stall],
  [2, drain],
  [1, lose],
  [2, mend],
  [2, flicker],
  [1, unsubscribe],
  [1, disconnect],
  [1, removeHistory],
  [1, forget],
  [1, wait],
]

/** What has to happen in that many runs, and a lot more often than once. */
const EXPECTED = [
  ...['client', 'server'].flatMap((side) => ['recovered', 'unrecovered', 'caught up'].map((how) => `${side} ${how}`)),
  ...['unsubscribe 2000', 'unsubscribe 2500'],
  ...['disconnect 3008', 'disconnect 3010', 'disconnect 3011', 'disconnect 3012'],
]

test('whatever clients, hubs and brokers do: what comes next comes, once, or is told to be missing, and only if it is', {
  timeout: 60_000,
}, async () => {
  const seen = new Set<string>()
  const often = steps.flatMap(([times, step]) => Array.from({ length: times }, () => step))
  const commands = fc.commands(often, { maxCommands: 120, size: 'max' })
  await fc.assert(
    fc.asyncProperty(commands, async (played) => {
      const real = new Played(seen)
      real.begin()
      await fc.asyncModelRun(() => ({ model: { away: Array.from({ length: NODES }, () => false) }, real }), played)
      await real.finish()
    }),
    { numRuns: Number(process.env['WIGWAG_TEST_RUNS'] ?? 300) },
  )
  // Whatever does not happen is not tested.
  expect([...seen]).toEqual(expect.arrayContaining(EXPECTED))
})
