import type { Publication } from '@wigwag/hub'
import { describe, expect, test } from 'vitest'
import type { SlowConsumerOptions } from '../../src/namespace/slow-consumer.ts'
import type { EncodedPacket } from '../../src/session/encoded-packet.ts'
import { type Delivery, Outbox } from '../../src/session/outbox.ts'
import type { LaneOptions, OutboxLane } from '../../src/session/outbox-lane.ts'
import { type OutboxOptions, resolveOutboxOptions } from '../../src/session/outbox-options.ts'
import { StallingTransport } from '../support/stalling-transport.ts'

/** By the letter; `-` has no key. */
const byKey: SlowConsumerOptions = {
  policy: 'conflate',
  key: (data) => (data === '-' ? undefined : (data as string)),
}

/** An outbox above its mark: whatever comes now waits. Publications are ten bytes each. */
function stalledOutbox(options: OutboxOptions = {}) {
  const resolved = resolveOutboxOptions({ highWaterMarkBytes: 0, ...options })
  const transport = new StallingTransport(resolved.highWaterMarkBytes)
  const told: unknown[] = []
  const host = {
    dropped: (dropped: unknown) => void told.push({ dropped }),
    broken: (channel: string) => {
      told.push({ broken: channel })
      outbox.push(`unsubscribe ${channel}`)
    },
    slow: (discarded: number) => void told.push({ slow: discarded }),
  }
  const outbox = new Outbox(transport, host, resolved)
  transport.outbox = outbox
  outbox.push('stall')
  transport.sent.length = 0
  const open = (lane: Partial<LaneOptions> = {}) =>
    outbox.open({ channel: 'a', slowConsumer: { policy: 'disconnect' }, isExact: false, ...lane })
  return { outbox, transport, told, open }
}

/** Delivers `names`: a letter that is the key, and the offset. */
function deliver(outbox: Outbox, lane: OutboxLane<EncodedPacket>, ...names: string[]): Delivery[] {
  return names.map((name) => outbox.deliver(lane, { data: name.padEnd(10, '.') }, publication(lane.channel, name)))
}

function publication(channel: string, name: string): Publication {
  const offset = Number(name.slice(1))
  return { channel, data: name.slice(0, 1), time: 0, position: { epoch: 'e', offset } }
}

const dots = (...names: string[]) => names.map((name) => name.padEnd(10, '.'))

describe('while the transport takes everything', () => {
  test('a publication goes on as the packet that it is, and no key is asked for', () => {
    const { outbox, transport, open } = stalledOutbox()
    transport.write()
    const lane = open({
      slowConsumer: {
        policy: 'conflate',
        key: () => {
          throw new Error('asked')
        },
      },
    })
    const packet = { data: 'shared' }
    expect(outbox.deliver(lane, packet, publication('a', 'x1'))).toBe('sent')
    expect(transport.sent[0]).toBe(packet)
    expect(outbox.stats).toEqual({ queuedBytes: 0, queuedPackets: 0, dropped: 0, superseded: 0 })
  })
})

describe('above the high-water mark', () => {
  test('publications and other packets wait in one order, and leave in it as room comes', () => {
    const { outbox, transport, open } = stalledOutbox({ highWaterMarkBytes: 4 })
    expect(outbox.push('reply')).toBe('queued')
    const lane = open()
    expect(deliver(outbox, lane, 'x1', 'x2')).toEqual(['queued', 'queued'])
    outbox.push('unsubscribe')
    outbox.end(lane)
    expect(outbox.stats).toMatchObject({ queuedBytes: 36, queuedPackets: 4 })
    expect(deliver(outbox, lane, 'x3')).toEqual(['closed'])
    transport.write()
    expect(transport.texts).toEqual(['reply'])
    transport.write()
    expect(transport.texts).toEqual(['reply', ...dots('x1')])
    transport.write()
    transport.write()
    expect(transport.texts).toEqual(['reply', ...dots('x1', 'x2'), 'unsubscribe'])
    expect(outbox.stats).toMatchObject({ queuedBytes: 0, queuedPackets: 0 })
  })

  test('what is sent because something was sent does not overtake what waits', () => {
    const { outbox, transport } = stalledOutbox({ highWaterMarkBytes: 1000 })
    transport.bufferedAmount = 2000
    outbox.push('1')
    outbox.push('2')
    const { send } = transport
    transport.send = (packet) => {
      send.call(transport, packet)
      if (packet === '1') expect(outbox.push('3')).toBe('queued')
    }
    transport.write()
    expect(transport.texts).toEqual(['1', '2', '3'])
  })
})

describe("policy 'disconnect'", () => {
  test.each([{ maxQueuedBytes: 20 }, { maxQueuedPackets: 2 }])(
    '%j: what is above it ends the session, once',
    (limit) => {
      const { outbox, told, open } = stalledOutbox(limit)
      const lane = open()
      expect(deliver(outbox, lane, 'x1', 'x2', 'x3', 'x4')).toEqual(['queued', 'queued', 'closed', 'closed'])
      expect(told).toEqual([{ slow: 2 }])
      expect(outbox.push('ping')).toBe('closed')
      expect(outbox.stats).toMatchObject({ queuedBytes: 0, queuedPackets: 0 })
    },
  )

  test('it takes the room of channels whose publications may be dropped, the fullest first', () => {
    const { outbox, transport, told, open } = stalledOutbox({ maxQueuedBytes: 50 })
    const few = open({ channel: 'few', slowConsumer: { policy: 'drop-newest' } })
    const many = open({ channel: 'many', slowConsumer: { policy: 'drop-oldest' } })
    deliver(outbox, few, 'f1')
    deliver(outbox, many, 'm1', 'm2', 'm3', 'm4', 'm5')
    expect(many.dropped).toBe(1)
    deliver(outbox, open({ channel: 'needed' }), 'n1', 'n2')
    expect([few.dropped, many.dropped]).toEqual([0, 3])
    transport.write()
    expect(told).toEqual([{ dropped: { channel: 'many', count: 3, since: { epoch: 'e', offset: 1 } } }])
    for (let i = 0; i < 5; i++) transport.write()
    expect(transport.texts).toEqual(dots('f1', 'm4', 'm5', 'n1', 'n2'))
  })

  test('nothing is dropped in vain: what cannot get enough room takes none', () => {
    const { outbox, told, open } = stalledOutbox({ maxQueuedBytes: 30 })
    const lossy = open({ channel: 'lossy', slowConsumer: { policy: 'drop-oldest' } })
    deliver(outbox, open(), 'x1', 'x2')
    deliver(outbox, lossy, 'l1')
    expect(outbox.deliver(lossy, { data: 'x'.repeat(11) }, publication('lossy', 'l2'))).toBe('dropped')
    expect(outbox.stats).toMatchObject({ queuedPackets: 3, dropped: 1 })
    expect(outbox.deliver(open(), { data: 'x'.repeat(11) }, publication('a', 'x3'))).toBe('closed')
    expect(lossy.dropped).toBe(1)
    expect(told).toEqual([{ dropped: { channel: 'lossy', count: 1, since: { epoch: 'e', offset: 2 } } }, { slow: 3 }])
  })
})

describe('policies that drop', () => {
  test.each([
    ['drop-oldest', ['x3', 'x4'], 1],
    ['drop-newest', ['x1', 'x2'], 3],
  ] as const)('%s keeps its part, and says once how many went and from where', (policy, kept, since) => {
    const { outbox, transport, told, open } = stalledOutbox({ maxQueuedBytes: 20 })
    const lane = open({ slowConsumer: { policy } })
    deliver(outbox, lane, 'x1', 'x2', 'x3', 'x4')
    expect(outbox.stats).toMatchObject({ queuedBytes: 20, dropped: 2 })
    expect(told).toEqual([])
    transport.write()
    transport.write()
    expect(told).toEqual([{ dropped: { channel: 'a', count: 2, since: { epoch: 'e', offset: since } } }])
    expect(transport.texts).toEqual(dots(...kept))
  })

  test('what was dropped is told when the subscription ends as well, and when the outbox closes', () => {
    for (const end of ['end', 'close'] as const) {
      const { outbox, told, open } = stalledOutbox({ maxQueuedPackets: 1 })
      const lane = open({ slowConsumer: { policy: 'drop-newest' } })
      deliver(outbox, lane, 'x1', 'x2')
      if (end === 'end') outbox.end(lane)
      else expect(outbox.close()).toBe(1)
      expect(told).toEqual([{ dropped: { channel: 'a', count: 1, since: { epoch: 'e', offset: 2 } } }])
    }
  })

  test.each(['drop-oldest', 'drop-newest'] as const)(
    '%s of a subscription that recovers: it ends behind what waits, and nothing comes behind the hole',
    (policy) => {
      const { outbox, transport, told, open } = stalledOutbox({ maxQueuedPackets: 2 })
      const lane = open({ slowConsumer: { policy }, isExact: true })
      expect(deliver(outbox, lane, 'x1', 'x2', 'x3', 'x4')).toEqual(['queued', 'queued', 'dropped', 'closed'])
      expect(told).toEqual([{ dropped: { channel: 'a', count: 1, since: { epoch: 'e', offset: 3 } } }, { broken: 'a' }])
      for (let i = 0; i < 3; i++) transport.write()
      expect(transport.texts).toEqual([...dots('x1', 'x2'), 'unsubscribe a'])
    },
  )

  test('what waits of a subscription that recovers is no room for others', () => {
    const { outbox, told, open } = stalledOutbox({ maxQueuedPackets: 2 })
    deliver(outbox, open({ slowConsumer: { policy: 'drop-oldest' }, isExact: true }), 'x1', 'x2')
    expect(deliver(outbox, open({ channel: 'needed' }), 'n1')).toEqual(['closed'])
    expect(told).toEqual([{ slow: 2 }])
  })
})

describe("policy 'conflate'", () => {
  test('the newest of each key waits at its own place, so that offsets rise; without a key all wait', () => {
    const { outbox, transport, open } = stalledOutbox()
    const lane = open({ slowConsumer: byKey })
    deliver(outbox, lane, 'a1', '-2', 'b3', 'a4', '-5')
    expect(lane.superseded).toBe(1)
    for (let i = 0; i < 4; i++) transport.write()
    expect(transport.texts).toEqual(dots('-2', 'b3', 'a4', '-5'))
  })

  test('with all keys as busy, each is sent in its turn', () => {
    const { outbox, transport, open } = stalledOutbox()
    const lane = open({ slowConsumer: byKey })
    const perKey = { a: 0, b: 0, c: 0 }
    for (let round = 0; round < 30; round++) {
      deliver(outbox, lane, `a${3 * round + 1}`, `b${3 * round + 2}`, `c${3 * round + 3}`)
      transport.write()
    }
    for (const text of transport.texts) perKey[text.slice(0, 1) as 'a']++
    expect(perKey).toEqual({ a: 10, b: 10, c: 10 })
    const offsets = transport.texts.map((text) => Number.parseInt(text.slice(1), 10))
    expect(offsets).toEqual(offsets.toSorted((one, other) => one - other))
  })

  test('when room is short, what is settled and superseded goes first; what is not superseded never', () => {
    const { outbox, told, open } = stalledOutbox({ maxQueuedPackets: 3 })
    const lane = open({ slowConsumer: byKey })
    deliver(outbox, lane, 'a1', 'b2')
    outbox.drained()
    deliver(outbox, lane, 'a3')
    expect([lane.superseded, outbox.stats.queuedPackets]).toEqual([0, 3])
    expect(deliver(outbox, lane, 'c4')).toEqual(['queued'])
    expect([lane.superseded, outbox.stats.queuedPackets]).toEqual([1, 3])
    expect(deliver(outbox, lane, 'd5')).toEqual(['closed'])
    expect(told).toEqual([{ slow: 3 }])
  })

  test('nobody is dropped for a publication that supersedes one, settled as that may be', () => {
    const { outbox, open } = stalledOutbox({ maxQueuedPackets: 2 })
    const lossy = open({ channel: 'lossy', slowConsumer: { policy: 'drop-oldest' } })
    const lane = open({ slowConsumer: byKey })
    deliver(outbox, lossy, 'l1')
    deliver(outbox, lane, 'a1')
    outbox.drained()
    expect(deliver(outbox, lane, 'a2')).toEqual(['queued'])
    expect([lossy.dropped, lane.superseded]).toEqual([0, 1])
  })

  test('a subscription that begins anew does not supersede what waits of the one before', () => {
    const { outbox, transport, open } = stalledOutbox()
    const before = open({ slowConsumer: byKey })
    deliver(outbox, before, 'a1')
    outbox.end(before)
    outbox.push('unsubscribe')
    deliver(outbox, open({ slowConsumer: byKey }), 'a2')
    for (let i = 0; i < 3; i++) transport.write()
    expect(transport.texts).toEqual([...dots('a1'), 'unsubscribe', ...dots('a2')])
  })

  test('a key that throws throws, and nothing has changed', () => {
    const { outbox, open } = stalledOutbox()
    const lane = open({
      slowConsumer: {
        policy: 'conflate',
        key: () => {
          throw new Error('no key')
        },
      },
    })
    expect(() => deliver(outbox, lane, 'a1')).toThrow('no key')
    expect(outbox.stats.queuedPackets).toBe(0)
  })
})

describe('other packets', () => {
  test.each([{ maxControlBytes: 8 }, { maxControlPackets: 2 }])('%j: above it the session ends', (limit) => {
    const { outbox, told } = stalledOutbox({ ...limit, maxQueuedPackets: 1 })
    expect([outbox.push('ping'), outbox.push('ping'), outbox.push('ping')]).toEqual(['queued', 'queued', 'closed'])
    expect(told).toEqual([{ slow: 0 }])
  })

  test('publications take nothing of their room', () => {
    const { outbox, open } = stalledOutbox({ maxControlBytes: 4, maxQueuedBytes: 10 })
    deliver(outbox, open(), 'x1')
    expect(outbox.push('ping')).toBe('queued')
  })
})

test('a host that closes the outbox when it is told what was dropped has nothing more sent', () => {
  const transport = new StallingTransport(0)
  const outbox: Outbox = new Outbox(
    transport,
    { dropped: () => void outbox.close(), broken: () => {}, slow: () => {} },
    resolveOutboxOptions({ highWaterMarkBytes: 0, maxQueuedPackets: 1 }),
  )
  transport.outbox = outbox
  outbox.push('stall')
  deliver(outbox, outbox.open({ channel: 'a', slowConsumer: { policy: 'drop-newest' }, isExact: false }), 'x1', 'x2')
  transport.write()
  expect(transport.texts).toEqual(['stall'])
})

test('a limit that is no whole number is refused by its name', () => {
  expect(() => resolveOutboxOptions({ maxControlBytes: 0.5 })).toThrow(/outbox\.maxControlBytes/)
  expect(resolveOutboxOptions()).toMatchObject({ highWaterMarkBytes: 65_536, maxQueuedBytes: 1_048_576 })
})
