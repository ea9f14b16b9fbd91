import type { Session } from '@wigwag/hub'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type LongPollHost, LongPollTransport } from '../../src/session/long-poll-transport.ts'

/** A transport in a test's hands, and a client that takes what reaches it. */
function createBench() {
  let nowMs = 0
  const unflushed = new Set<LongPollTransport>()
  let overs = 0
  const told: string[] = []
  const host: LongPollHost = {
    elapsedMs: () => nowMs,
    gapMs: 100,
    textOf: (packet) => (typeof packet === 'string' ? packet : String(packet.data)),
    flushSoon: (transport) => unflushed.add(transport),
    wake: () => {},
    over: () => overs++,
  }
  const transport = new LongPollTransport(host)
  const session = {
    heard: () => told.push('heard'),
    drained: () => told.push('drained'),
    closed: () => told.push('closed'),
  }
  transport.carry(session as unknown as Session)
  return {
    transport,
    told,
    get overs() {
      return overs
    },
    endTurn: () => {
      for (const each of [...unflushed]) {
        unflushed.delete(each)
        each.flush()
      }
    },
    advance: (ms: number) => {
      nowMs += ms
      transport.tick(nowMs)
    },
  }
}

/** What can happen, in any order. */
type Step =
  | { readonly type: 'send' }
  | { readonly type: 'end turn' }
  /** The client asks, and `lost` says which way gets lost. */
  | { readonly type: 'poll'; readonly lost: 'nothing' | 'request' | 'answer' }
  | { readonly type: 'leave' }
  | { readonly type: 'advance'; readonly ms: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.constant({ type: 'send' } as const), weight: 3 },
  { arbitrary: fc.constant({ type: 'end turn' } as const), weight: 3 },
  {
    arbitrary: fc.record({
      type: fc.constant('poll' as const),
      lost: fc.constantFrom('nothing' as const, 'request' as const, 'answer' as const),
    }),
    weight: 4,
  },
  { arbitrary: fc.constant({ type: 'leave' } as const), weight: 1 },
  { arbitrary: fc.record({ type: fc.constant('advance' as const), ms: fc.nat(40) }), weight: 1 },
)

describe('packets of a session that is polled', () => {
  test('reach a client that asks again, once and in order, whatever gets lost', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const bench = createBench()
        const { transport } = bench
        const heard: number[] = []
        let sent = 0
        let last = 0
        let leave: (() => void) | undefined
        const poll = (lost: 'nothing' | 'answer'): void => {
          let isAnswered = false
          const from = last
          leave = transport.poll({ last, waitMs: 30 }, (text) => {
            expect(isAnswered).toBe(false)
            isAnswered = true
            const answer = JSON.parse(text) as { last: number; packets: number[] }
            expect(answer.packets.length).toBe(answer.last - from)
            // An answer that comes after a later one is of a poll that was given up.
            if (lost === 'answer' || from !== last) return
            heard.push(...answer.packets)
            last = answer.last
          })
          expect(leave).toBeDefined()
        }
        for (const each of steps) {
          if (each.type === 'send') transport.send(String(++sent))
          else if (each.type === 'end turn') bench.endTurn()
          else if (each.type === 'leave') leave?.()
          else if (each.type === 'advance') bench.advance(each.ms)
          else if (each.lost !== 'request') poll(each.lost)
        }
        while (heard.length < sent) {
          poll('nothing')
          bench.endTurn()
        }
        expect(heard).toEqual(Array.from({ length: sent }, (_, i) => i + 1))
        poll('nothing')
        expect(transport.bufferedAmount).toBe(0)
      }),
      { numRuns: 500 },
    )
  })

  test('asked from any other number they are not there, and nothing changes', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), fc.oneof(fc.integer(), fc.double()), (sent, taken, wrong) => {
        const { transport } = createBench()
        for (let n = 1; n <= sent; n++) transport.send(String(n))
        transport.poll({ last: Math.min(sent, taken), waitMs: 10 }, () => {})
        const before = transport.bufferedAmount
        const isThere = wrong >= Math.min(sent, taken) && wrong <= sent
        fc.pre(!isThere)
        let isAnswered = false
        expect(transport.poll({ last: wrong, waitMs: 10 }, () => (isAnswered = true))).toBeUndefined()
        expect([isAnswered, transport.bufferedAmount]).toEqual([false, before])
      }),
    )
  })
})

describe('a session that is polled', () => {
  test('is heard of with each poll, and over when there is none for too long', () => {
    const { transport, told, advance } = createBench()
    transport.poll({ last: 0, waitMs: 1000 }, () => {})
    expect(told).toEqual(['heard', 'drained'])
    advance(1000)
    advance(99)
    expect(told).not.toContain('closed')
    advance(1)
    expect(told).toContain('closed')
  })

  test('lasts as long as a poll waits, which is answered with nothing in the end', () => {
    const { transport, told, advance } = createBench()
    const answers: string[] = []
    transport.poll({ last: 0, waitMs: 5000 }, (text) => answers.push(text))
    advance(4999)
    expect([answers, told]).toEqual([[], ['heard', 'drained']])
    advance(1)
    expect(answers).toEqual(['{"last":0,"packets":[]}\n'])
  })

  test('whose client leaves while it waits has as long as between polls', () => {
    const { transport, told, advance } = createBench()
    transport.poll({ last: 0, waitMs: 5000 }, () => {})?.()
    advance(99)
    expect(told).not.toContain('closed')
    advance(1)
    expect(told).toContain('closed')
  })

  test('is over once its goodbye was answered, which can be asked for again', () => {
    const bench = createBench()
    const { transport } = bench
    transport.close({ code: 3001, reason: 'shutdown' })
    expect(bench.overs).toBe(0)
    const answers: string[] = []
    for (const last of [0, 0, 1, 1]) {
      transport.poll({ last, waitMs: 5000 }, (text) => answers.push(text))
      bench.endTurn()
    }
    expect(answers.map((text) => (JSON.parse(text) as { packets: unknown[] }).packets.length)).toEqual([1, 1, 0, 0])
    expect(bench.overs).toBeGreaterThan(0)
  })
})
