import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EncodedPacket } from '../../src/session/encoded-packet.ts'
import { Outbox } from '../../src/session/outbox.ts'
import type { DroppedPublications, OutboxLane } from '../../src/session/outbox-lane.ts'
import { resolveOutboxOptions } from '../../src/session/outbox-options.ts'
import { type ModelLane, type ModelPacket, OutboxModel } from '../support/outbox-model.ts'
import { StallingTransport } from '../support/stalling-transport.ts'

interface Subscribed {
  readonly lane: OutboxLane<EncodedPacket>
  readonly model: ModelLane
  readonly published: ModelPacket[]
}

const POLICIES = ['disconnect', 'drop-oldest', 'drop-newest', 'conflate'] as const
const CHANNELS = POLICIES.flatMap((policy) => [false, true].map((isExact) => ({ policy, isExact })))

/** An outbox beside its model, with one subscription for every policy, recovering and not. */
class Played {
  readonly transport: StallingTransport
  readonly outbox: Outbox
  readonly model: OutboxModel
  /** All there were, each with a channel of its own name: its place here. */
  readonly all: Subscribed[] = []
  readonly subscribed: Subscribed[]
  readonly told: DroppedPublications[] = []
  /** What the transport shall have been given. */
  readonly due: string[] = []
  slow: number | undefined
  readonly #mark: number

  constructor(maxQueuedBytes: number, maxQueuedPackets: number, mark: number) {
    const limits = { maxControlBytes: 200, maxControlPackets: 20, maxQueuedBytes, maxQueuedPackets }
    const options = resolveOutboxOptions({ ...limits, highWaterMarkBytes: mark })
    this.#mark = mark
    this.transport = new StallingTransport(mark)
    const dropped = (each: DroppedPublications): void => void this.told.push(each)
    const broken = (channel: string): void => this.#break(channel)
    const slow = (discarded: number): void => {
      this.slow = discarded
    }
    this.outbox = new Outbox(this.transport, { dropped, broken, slow }, options)
    this.transport.outbox = this.outbox
    this.model = new OutboxModel(options)
    this.subscribed = CHANNELS.map((_, which) => this.#subscribe(which))
  }

  #subscribe(which: number): Subscribed {
    const { policy, isExact } = CHANNELS[which] as (typeof CHANNELS)[number]
    const channel = String(this.all.length)
    const slowConsumer =
      policy === 'conflate' ? { policy, key: (data: unknown) => (data === '' ? undefined : String(data)) } : { policy }
    const lane = this.outbox.open({ channel, slowConsumer, isExact })
    const model = { channel, policy, isExact, isOpen: true, isBroken: false, dropped: [], superseded: [] }
    const subscribed = { lane, model, published: [] }
    this.all.push(subscribed)
    return subscribed
  }

  resubscribe(which: number): void {
    const { lane, model } = this.subscribed[which] as Subscribed
    this.outbox.end(lane)
    model.isOpen = false
    this.push('{"unsubscribe":{}}')
    this.push('{"subscribe":{}}')
    this.subscribed[which] = this.#subscribe(which)
  }

  publish(which: number, key: string, padding: number): void {
    const { lane, model, published } = this.subscribed[which] as Subscribed
    const offset = published.length + 1
    const text = `${model.channel}:${offset}${'.'.repeat(padding)}`
    const modelKey = model.policy === 'conflate' && key !== '' ? key : undefined
    const packet = { text, bytes: text.length, lane: model, key: modelKey, offset }
    const publication = { channel: model.channel, data: key, time: 0, position: { epoch: 'e', offset } }
    published.push(packet)
    const due = this.model.isClosed || !model.isOpen ? 'closed' : this.#due(packet)
    expect(this.outbox.deliver(lane, { data: text }, publication)).toBe(due)
  }

  push(text: string): void {
    const packet = { text, bytes: text.length, lane: undefined, key: undefined, offset: 0 }
    const due = this.model.isClosed ? 'closed' : this.#due(packet)
    expect(this.outbox.push(text)).toBe(due)
  }

  #due(packet: ModelPacket): string {
    const isIdle = this.model.waiting.length === 0 && this.transport.bufferedAmount <= this.#mark
    if (!isIdle) return this.model.queue(packet)
    this.due.push(packet.text)
    return 'sent'
  }

  #break(channel: string): void {
    const { model } = this.all[Number(channel)] as Subscribed
    expect([model.isExact, model.policy.startsWith('drop'), model.isOpen]).toEqual([true, true, true])
    model.isOpen = false
    model.isBroken = true
    this.push(`unsubscribe ${channel}`)
  }

  write(bytes: number): void {
    const { transport, model } = this
    const wasAbove = transport.bufferedAmount > this.#mark
    let after = transport.bufferedAmount - Math.min(bytes, transport.bufferedAmount)
    if (wasAbove && after <= this.#mark) {
      let count = 0
      for (; count < model.waiting.length && after <= this.#mark; count++) after += model.waiting[count]?.bytes ?? 0
      this.due.push(...model.waiting.slice(0, count).map(({ text }) => text))
      model.taken(count)
    }
    transport.write(bytes)
    expect(transport.bufferedAmount).toBe(after)
  }

  check(): void {
    const { queuedBytes, queuedPackets, dropped, superseded } = this.outbox.stats
    const { waiting } = this.model
    const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0)
    expect([
      this.transport.sent.length,
      queuedPackets,
      queuedBytes,
      dropped,
      superseded,
      this.slow !== undefined,
    ]).toEqual([
      this.due.length,
      waiting.length,
      sum(waiting.map(({ bytes }) => bytes)),
      sum(this.all.map(({ model }) => model.dropped.length)),
      sum(this.all.map(({ model }) => model.superseded.length)),
      this.model.isClosed,
    ])
  }

  checkEnd(): void {
    this.check()
    expect(this.transport.texts).toEqual(this.due)
    for (const { lane, model } of this.all) {
      expect([lane.dropped, lane.superseded]).toEqual([model.dropped.length, model.superseded.length])
      const told = this.told.filter(({ channel }) => channel === model.channel)
      expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(model.dropped.length)
      expect(told[0]?.since?.offset).toBe(told.length === 0 ? undefined : model.dropped[0])
    }
  }
}

/** Whoever is cut off anywhere and recovers from the offset that came last lacks nothing but what policy may take. */
function checkClient({ model, published }: Subscribed, sent: readonly string[]): void {
  const offsets = sent
    .filter((text) => text.startsWith(`${model.channel}:`))
    .map((text) => Number.parseInt(text.split(':')[1] ?? '', 10))
  expect(offsets, 'order').toEqual(offsets.toSorted((one, other) => one - other))
  // Wherever the client is cut off: what came last is its position, and what it lacks before that it never gets.
  const received = new Set(offsets)
  for (const { offset, key } of published.slice(0, offsets.at(-1) ?? 0)) {
    if (received.has(offset)) continue
    if (model.policy === 'conflate') {
      // What superseded it is there, or is behind and comes to who recovers.
      expect(key).toBeDefined()
      expect(published.some((newer) => newer.offset > offset && newer.key === key)).toBe(true)
    } else expect([model.isExact, model.dropped.includes(offset)]).toEqual([false, true])
  }
}

type Step =
  | readonly ['publish', which: number, key: string, padding: number]
  | readonly ['push', text: string]
  | readonly ['resubscribe', which: number]
  | readonly ['write', bytes: number]

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(
      fc.constant('publish' as const),
      fc.nat(CHANNELS.length - 1),
      fc.constantFrom('', 'a', 'b', 'c'),
      fc.nat(12),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant('push' as const), fc.constantFrom('{}', '{"id":1}')) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('resubscribe' as const), fc.nat(CHANNELS.length - 1)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('write' as const), fc.nat(60)) },
)

function play(played: Played, steps: readonly Step[]): void {
  for (const each of steps) {
    if (each[0] === 'publish') played.publish(each[1], each[2], each[3])
    else if (each[0] === 'push') played.push(each[1])
    else if (each[0] === 'resubscribe') played.resubscribe(each[1])
    else played.write(each[1])
    played.check()
  }
}

test('whatever comes and however the transport stalls: bounded, in order, exactly counted, and nothing missing but by policy', () => {
  const cover = { slow: 0, dropped: 0, superseded: 0, broken: 0 }
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 120, size: 'max' }),
      fc.integer({ min: 30, max: 150 }),
      fc.integer({ min: 2, max: 20 }),
      fc.nat(20),
      (steps, maxQueuedBytes, maxQueuedPackets, mark) => {
        const played = new Played(maxQueuedBytes, maxQueuedPackets, mark)
        play(played, steps)
        // Everything that waits leaves in the end, and everything dropped has been told.
        for (let i = 0; i <= 1000 && played.outbox.stats.queuedPackets > 0; i++) played.write(1000)
        played.outbox.close()
        played.checkEnd()
        for (const subscribed of played.all) {
          checkClient(subscribed, played.due)
          cover.broken += subscribed.model.isBroken ? 1 : 0
        }
        cover.slow += played.slow === undefined ? 0 : 1
        cover.dropped += played.outbox.stats.dropped
        cover.superseded += played.outbox.stats.superseded
      },
    ),
    { numRuns: 250 },
  )
  for (const [what, times] of Object.entries(cover)) expect(times, what).toBeGreaterThan(50)
}, 20_000)
