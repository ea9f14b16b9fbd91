import { randomBytes } from 'node:crypto'
import { PreparedMessage } from '@wigwag/socket/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Crowd, type Member } from '../../support/crowd.ts'

const WINDOW_BYTES = 2 ** 10

let count = 0
/** All different, all alike, as publications are: 102 bytes, 89 on their own, 23 behind others. */
const news = (): PreparedMessage => {
  const id = 100_000 + ((count++ * 7919) % 900_000)
  const text = {
    type: 'updated',
    id,
    user: `amber.${(id % 7919) + 1000}`,
    price: (id % 1000) + 0.25,
    quantity: id % 10,
  }
  return new PreparedMessage(JSON.stringify({ ...text, at: `2026-11-20T10:${10 + (count % 50)}` }))
}
/** So much of it that of what came before only a rest is left in a window, shorter than another one. */
const nearlyAWindow = (): PreparedMessage[] => Array.from({ length: Math.floor(WINDOW_BYTES / news().size) }, news)

const isSmall = ({ last }: Member): boolean => last.rsv === 4 && last.payload.length < 50
/** Compressed on its own. */
const isContained = ({ last }: Member): boolean => last.rsv === 4 && last.payload.length > 60
const joinAll = (crowd: Crowd, size: number): Member[] => Array.from({ length: size }, () => crowd.join())

describe('one compression for everybody with the same window', () => {
  test('a message is compressed once for all, however many', () => {
    const crowd = new Crowd()
    const members = joinAll(crowd, 50)
    for (let i = 0; i < 30; i++) {
      expect(crowd.fanOut(news(), members)).toBe(1)
      crowd.endTurn()
    }

    expect(members.every(isSmall)).toBe(true)
    expect(new Set(members.map(({ last }) => Buffer.from(last.payload).toString('hex'))).size).toBe(1)
  })

  test('without context takeover, too', async () => {
    const crowd = new Crowd()
    const members = Array.from({ length: 5 }, () => crowd.join('permessage-deflate; server_no_context_takeover'))
    for (let i = 0; i < 5; i++) expect(crowd.fanOut(news(), members)).toBe(1)
    expect(members.every(isContained)).toBe(true)
    await Promise.all(members.map((member) => member.check()))
  })

  test('what does not get smaller goes to all as it is, and was tried once', () => {
    const crowd = new Crowd()
    const members = joinAll(crowd, 5)
    for (let i = 0; i < 3; i++) crowd.fanOut(news(), members)
    expect(crowd.fanOut(new PreparedMessage(new Uint8Array(randomBytes(500))), members)).toBe(1)
    expect(members.map(({ last }) => last.rsv)).toEqual([0, 0, 0, 0, 0])
    crowd.fanOut(news(), members)
    expect(members.every(isSmall), 'it entered no window').toBe(true)
  })

  test('below the threshold nothing is compressed; a wish for one connection is its own affair', async () => {
    const crowd = new Crowd({ thresholdBytes: 200 })
    const members = joinAll(crowd, 3)
    const message = news()
    expect(crowd.fanOut(message, members)).toBe(0)
    expect(crowd.fanOut(message, members.slice(0, 2), true)).toBe(2)
    expect(crowd.fanOut(message, members, false)).toBe(0)
    expect(members.map(({ frames }) => frames.map(({ rsv }) => rsv))).toEqual([
      [0, 4, 0],
      [0, 4, 0],
      [0, 0],
    ])
    await Promise.all(members.map((member) => member.check()))
  })

  test('kinds of compressors are apart: each compresses for its own', async () => {
    const crowd = new Crowd()
    const offers = ['', '; server_max_window_bits=9', '; server_no_context_takeover', '; client_no_context_takeover']
    const members = [...offers, ...offers].map((parameters) => crowd.join(`permessage-deflate${parameters}`))
    for (let i = 0; i < 20; i++) expect(crowd.fanOut(news(), members)).toBe(1)
    expect(members[3]?.last.payload, 'what the client does makes no difference').toEqual(members[0]?.last.payload)
    await Promise.all(members.map((member) => member.check()))
  })
})

describe('whoever has another window comes up', () => {
  test('who joins is sent messages compressed on their own, until it has had a window full', async () => {
    const crowd = new Crowd()
    const members = joinAll(crowd, 5)
    for (const message of nearlyAWindow()) crowd.fanOut(message, members)
    const late: Member[] = []
    for (const message of nearlyAWindow()) {
      late.push(crowd.join())
      expect(crowd.fanOut(message, [...members, ...late])).toBe(2)
      expect([members.every(isSmall), late.every(isContained)]).toEqual([true, true])
    }
    for (const message of [...nearlyAWindow(), news()]) crowd.fanOut(message, [...members, ...late])
    expect(crowd.fanOut(news(), [...members, ...late])).toBe(1)
    expect(late.every(isSmall)).toBe(true)
    await Promise.all([...members, ...late].map((member) => member.check()))
  })

  test('also who stands first', async () => {
    const crowd = new Crowd()
    const members = joinAll(crowd, 5)
    for (const message of nearlyAWindow()) crowd.fanOut(message, members)
    const all = [crowd.join(), ...members]
    for (const message of nearlyAWindow()) {
      expect(crowd.fanOut(message, all)).toBe(2)
      expect(members.every(isSmall)).toBe(true)
    }
    crowd.fanOut(news(), all)
    expect(crowd.fanOut(news(), all)).toBe(1)
    expect(all.every(isSmall)).toBe(true)
    await Promise.all(all.map((member) => member.check()))
  })

  test('also with messages that get smaller only behind others', async () => {
    const crowd = new Crowd()
    const members = joinAll(crowd, 3)
    const small = (i: number): PreparedMessage => new PreparedMessage(`{"id":${1000 + i},"up":1}`)
    crowd.fanOut(new PreparedMessage('{"id":1000,"up":1}'.repeat(5)), members)
    for (let i = 0; i < 20; i++) crowd.fanOut(small(i), members)
    expect(members.map(({ last }) => last.rsv)).toEqual([4, 4, 4])
    const late = crowd.join()
    for (let i = 20; i < 120; i++) crowd.fanOut(small(i), [...members, late])
    expect(late.last.payload).toEqual(members[0]?.last.payload)
    await Promise.all([late, ...members].map((member) => member.check()))
  })

  test('who missed some, as a slow reader does', async () => {
    const crowd = new Crowd()
    const members = joinAll(crowd, 5)
    const [slow, ...others] = members as [Member, ...Member[]]
    for (const message of nearlyAWindow()) crowd.fanOut(message, members)
    for (let i = 0; i < 3; i++) crowd.fanOut(news(), others)
    for (const [i, message] of nearlyAWindow().entries()) {
      expect(crowd.fanOut(message, members)).toBe(2)
      // It stands first and takes its old window for the cohort's once.
      if (i > 0) expect(others.every(isSmall)).toBe(true)
    }
    crowd.fanOut(news(), members)
    expect(crowd.fanOut(news(), members)).toBe(1)
    expect(slow.last.payload).toEqual(others[0]?.last.payload)
    await Promise.all(members.map((member) => member.check()))
  })

  test('a message as large as the window makes all alike at once', () => {
    const crowd = new Crowd()
    const members = joinAll(crowd, 4)
    for (let i = 0; i < 4; i++) crowd.fanOut(news(), members.slice(i))
    const large = Array.from({ length: 12 }, () => news().data).join('')
    crowd.fanOut(new PreparedMessage(large), members)
    expect(crowd.fanOut(news(), members)).toBe(1)
    expect(members.every(isSmall)).toBe(true)
  })

  test('a message prepared once and sent in every turn gets as small as any', async () => {
    const crowd = new Crowd()
    const members = joinAll(crowd, 3)
    const tick = new PreparedMessage(news().data)
    for (let i = 0; i < 20; i++) {
      expect(crowd.fanOut(tick, members)).toBeLessThanOrEqual(2)
      expect(crowd.fanOut(tick, members)).toBeLessThanOrEqual(2)
      crowd.endTurn()
    }
    expect(members[0]?.last.payload.length).toBeLessThan(15)
    for (let i = 0; i < 20; i++) {
      expect(crowd.fanOut(news(), members)).toBe(1)
      expect(crowd.fanOut(tick, members)).toBe(1)
      expect(members[0]?.last.payload.length).toBeLessThan(15)
      crowd.endTurn()
    }
    await Promise.all(members.map((member) => member.check()))
  })
})

describe('of several cohorts the largest is compressed for', () => {
  test('two channels, and some who have both and come first', async () => {
    const crowd = new Crowd()
    const both = joinAll(crowd, 10)
    const [onlyA, onlyB] = [joinAll(crowd, 50), joinAll(crowd, 40)]
    for (let i = 0; i < 60; i++) {
      for (const only of [onlyA, onlyB]) {
        expect(crowd.fanOut(news(), [...both, ...only])).toBeLessThanOrEqual(2)
        if (i > 1) expect(only.every(isSmall)).toBe(true)
      }
    }
    expect(both.every(isContained)).toBe(true)
    await Promise.all([...both, ...onlyA, ...onlyB].map((member) => member.check()))
  })

  test('bursts in which those who have both become like the others do not confuse it', () => {
    const crowd = new Crowd()
    const both = joinAll(crowd, 10)
    const [onlyA, onlyB] = [joinAll(crowd, 50), joinAll(crowd, 40)]
    let contained = 0
    let sent = 0
    for (let i = 0; i < 200; i++) {
      const only = i % 40 < 20 ? onlyA : onlyB
      crowd.fanOut(news(), [...both, ...only])
      contained += only.filter(isContained).length
      sent += only.length
    }
    expect(contained / sent).toBeLessThan(0.1)
  })

  test('more cohorts than one message keeps texts for', async () => {
    const crowd = new Crowd()
    const groups = Array.from({ length: 12 }, () => joinAll(crowd, 3))
    for (let round = 0; round < 40; round++) {
      for (const group of groups) expect(crowd.fanOut(news(), group)).toBe(1)
      if (round % 20 === 0) expect(crowd.fanOut(news(), groups.flat())).toBeLessThanOrEqual(2)
    }
    expect(groups.flat().every(isSmall)).toBe(true)
    await Promise.all(groups.flat().map((member) => member.check()))
  })
})

describe('what is sent to one of a cohort alone', () => {
  test('goes as it is while it is little, and splits nothing', async () => {
    const crowd = new Crowd()
    const members = joinAll(crowd, 4)
    for (let i = 0; i < 40; i++) {
      expect(crowd.fanOut(news(), members)).toBe(1)
      const { data } = news()
      members[i % 4]?.send(data)
      expect(members[i % 4]?.last.rsv).toBe(0)
    }
    await Promise.all(members.map((member) => member.check()))
  })

  test('is compressed when it is a window full, and behind it; then the connection comes up again', async () => {
    const crowd = new Crowd()
    const members = joinAll(crowd, 4)
    const [one, ...others] = members as [Member, ...Member[]]
    for (const message of nearlyAWindow()) crowd.fanOut(message, members)
    const { data } = news()
    for (let i = 0; i < 30; i++) one.send(`${data}${i}`)
    const untilThen = Math.ceil(WINDOW_BYTES / data.length)
    const bits = one.frames.slice(-30).map(({ rsv }) => rsv)
    expect(bits.lastIndexOf(0)).toBeLessThan(untilThen)
    expect(bits.indexOf(4)).toBeGreaterThan(untilThen - 3)
    expect(one.last.payload.length).toBeLessThan(15)
    for (const message of nearlyAWindow()) {
      expect(crowd.fanOut(message, members)).toBe(2)
      expect([isContained(one), others.every(isSmall)]).toEqual([true, true])
    }
    crowd.fanOut(news(), members)
    expect(crowd.fanOut(news(), members)).toBe(1)
    await Promise.all(members.map((member) => member.check()))
  })

  test('is compressed at once when that is asked for, or when it is large', async () => {
    const crowd = new Crowd()
    const members = joinAll(crowd, 3)
    crowd.fanOut(news(), members)
    members[0]?.send(news().data, true)
    members[1]?.send(String(news().data).repeat(20))
    expect(members.map(({ last }) => last.rsv)).toEqual([4, 4, 4])
    crowd.fanOut(news(), members)
    await Promise.all(members.map((member) => member.check()))
  })

  test('changes nothing in the window of the others, not even behind an empty message', async () => {
    const crowd = new Crowd()
    const members = joinAll(crowd, 3)
    for (const message of [...nearlyAWindow(), news(), news()]) crowd.fanOut(message, members)
    members[0]?.send('', true)
    for (let i = 0; i < 3; i++) members[0]?.send(news().data, true)
    for (let i = 0; i < 3; i++) crowd.fanOut(news(), members)
    await Promise.all(members.map((member) => member.check()))
  })

  test('is compressed as ever on a connection that nothing prepared was sent', () => {
    const member = new Crowd().join()
    for (let i = 0; i < 5; i++) member.send(news().data)
    expect(isSmall(member)).toBe(true)
  })
})

// ---- anything

const OFFERS = [
  'permessage-deflate; client_max_window_bits',
  'permessage-deflate', // answered with client_no_context_takeover
  'permessage-deflate; server_max_window_bits=9',
  'permessage-deflate; server_max_window_bits=8',
  'permessage-deflate; server_no_context_takeover',
  'permessage-deflate; server_no_context_takeover; server_max_window_bits=9',
]
/** Most offer the same, so that there may be more different windows than a message makes texts. */
const OFFERED_FIRST = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 3, 3, 4, 5]

type Data = string | Uint8Array
interface Wish {
  readonly compress: boolean | undefined
}
type Step =
  | { readonly type: 'join'; readonly offer: number }
  | { readonly type: 'leave'; readonly who: number }
  | ({ readonly type: 'private'; readonly who: number; readonly data: Data } & Wish)
  // `to` says by its bits to whom.
  | ({ readonly type: 'fan-out'; readonly data: Data; readonly to: number } & Wish)
  | ({ readonly type: 'again'; readonly which: number; readonly to: number } & Wish)
  | { readonly type: 'turn' }

/** From nothing to two windows; some like each other, some like nothing. */
const data = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.constantFrom('{"order":', '<td class="price">', 'aaaaaaaa'), fc.nat(99), fc.nat(999))
      .map(([part, times, salt]) => `${salt}${part.repeat(times)}${salt}`.slice(0, 2 * WINDOW_BYTES)),
  },
  { weight: 5, arbitrary: fc.nat(999).map((id) => JSON.stringify({ id, type: 'updated', user: `amber.fjord${id}` })) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2 * WINDOW_BYTES, size: 'max' }) },
)
const compress = fc.option(fc.boolean(), { nil: undefined, freq: 4 })
const to = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0xffff) },
  { weight: 1, arbitrary: fc.nat(0xffff) },
  { weight: 2, arbitrary: fc.nat(15).map((bit) => 1 << bit) },
)
const who = fc.nat(99)

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ type: fc.constant('join' as const), offer: who }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('leave' as const), who }) },
  { weight: 9, arbitrary: fc.record({ type: fc.constant('fan-out' as const), data, to, compress }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('again' as const), which: who, to, compress }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('private' as const), who, data, compress }) },
  { weight: 3, arbitrary: fc.constant({ type: 'turn' as const }) },
)

test('RFC 7692 §7.2.1 whatever is sent to whom, an inflater with the negotiated window gets every message, of two compressions', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }),
      fc.constantFrom(0, 0, 40),
      async (steps, thresholdBytes) => {
        const crowd = new Crowd({ thresholdBytes })
        const everybody = OFFERED_FIRST.map((offer) => crowd.join(OFFERS[offer]))
        const members = [...everybody]
        const prepared: PreparedMessage[] = []
        for (const one of steps) {
          if (one.type === 'join') {
            const member = crowd.join(OFFERS[one.offer % OFFERS.length])
            members.push(member)
            everybody.push(member)
          } else if (one.type === 'leave') members.splice(one.who % (members.length || 1), 1)
          else if (one.type === 'private') members[one.who % (members.length || 1)]?.send(one.data, one.compress)
          else if (one.type === 'turn') crowd.endTurn()
          else {
            const isNew = one.type === 'fan-out'
            if (isNew) prepared.push(new PreparedMessage(one.data, { compress: one.compress }))
            const message = isNew ? prepared.at(-1) : prepared[one.which % (prepared.length || 1)]
            if (message === undefined) continue
            const wish = isNew ? undefined : one.compress
            const compressions = crowd.fanOut(
              message,
              members.filter((_, index) => (one.to & (1 << (index % 16))) !== 0),
              wish,
            )
            // A wish against the message's own is each connection's own affair.
            if (wish === undefined) expect(compressions).toBeLessThanOrEqual(2)
          }
        }
        for (const member of everybody) await member.check()
      },
    ),
    { numRuns: 150 },
  )
}, 60_000)
