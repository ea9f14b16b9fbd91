import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DelayedBroker } from '../support/delayed-broker.ts'
import { createManualBroker } from '../support/manual-broker.ts'
import { createSessionBench, settled, type TestClient } from '../support/session-clients.ts'

/** A client as SDKs are: it remembers the position that it saw last, and recovers from it when it is back. */
class RecoveringClient {
  readonly heard: number[] = []
  readonly #connect: () => TestClient
  #current: TestClient
  #position = { epoch: 'epoch-1', offset: 0 }
  #read = 0
  #ids = 1
  #recovered = true

  constructor(connect: () => TestClient) {
    this.#connect = connect
    this.#current = connect()
    this.#begin()
  }

  /** Loses its line, and comes back. What was on its way to it is lost. */
  cut(): void {
    this.#current.session.closed()
    this.#current = this.#connect()
    this.#read = 0
    this.#begin()
  }

  /** Leaves the channel and comes back on the same session, whatever of it is under way. */
  resubscribe(): void {
    this.listen()
    this.#current.write({ id: ++this.#ids, unsubscribe: { channel: 'a' } })
    // The rest of that subscription is not for it any more.
    this.#read = this.#current.packets.length
    this.#subscribe()
  }

  /** Takes what came. Returns whether it has recovered whenever it asked for that. */
  listen(): boolean {
    const { packets } = this.#current
    for (; this.#read < packets.length; this.#read++) {
      const { subscribe, push } = packets[this.#read] as ReturnType<TestClient['reply']> & { push?: never }
      if (subscribe !== undefined) this.#took(subscribe)
      const pub = (push as { pub?: { data: number; offset: number } } | undefined)?.pub
      if (pub !== undefined) this.#hear(pub.data, pub.offset)
    }
    return this.#recovered
  }

  #took(subscribe: NonNullable<ReturnType<TestClient['reply']>['subscribe']>): void {
    this.#recovered &&= subscribe.recovered === true
    this.#position = { epoch: subscribe.epoch ?? '', offset: subscribe.offset ?? 0 }
    for (const { data, offset = 0 } of subscribe.publications ?? []) this.#hear(data as number, offset)
  }

  #hear(data: number, offset: number): void {
    this.heard.push(data)
    this.#position = { ...this.#position, offset }
  }

  #begin(): void {
    this.#current.write({ id: 1, connect: {} })
    this.#subscribe()
  }

  #subscribe(): void {
    const id = ++this.#ids
    this.#current.write({ id, subscribe: { channel: 'a', recover: true, ...this.#position } })
  }
}

test('whatever is cut, unsubscribed and late: what was published is heard once and in order', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant('publish' as const) },
    fc.constantFrom('cut', 'resubscribe', 'listen', 'settle'),
    { weight: 4, arbitrary: fc.constantFrom('calls', 'answers', 'publications') },
  )
  const played = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
    const manual = createManualBroker()
    const broker = new DelayedBroker(manual.broker)
    const bench = createSessionBench({ broker }, manual)
    const client = new RecoveringClient(() => bench.client())
    let published = 0
    for (const each of steps) {
      if (each === 'publish') await bench.hub.publish('a', ++published)
      else if (each === 'cut' || each === 'resubscribe') client[each]()
      else if (each === 'listen') client.listen()
      else if (each === 'settle') await settled()
      else broker.release(each)
    }
    broker.releaseAll()
    for (let turn = 0; turn < 5; turn++) await settled()
    expect(client.listen()).toBe(true)
    expect(client.heard).toEqual(Array.from({ length: published }, (_, index) => index + 1))
    await bench.hub.close()
    expect(bench.hub.stats).toMatchObject({ channels: 0, subscriptions: 0, sessions: 0 })
  })
  await fc.assert(played, { numRuns: 300 })
})
