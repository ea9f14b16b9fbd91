import { hasRedis } from '@wigwag/testkit'
import { describe, expect, test } from 'vitest'
import { planFaults } from '../nothing-lost/faults.ts'
import { findBreaches } from '../nothing-lost/figures.ts'
import { emptyTally, Ledger, type Tally } from '../nothing-lost/ledger.ts'
import { play } from '../nothing-lost/play.ts'
import { runA, runB, type Scenario } from '../nothing-lost/scenario.ts'

/** Plays it; resolves with what is wrong. */
async function breachesOf(scenario: Scenario): Promise<readonly string[]> {
  const figures = await play(scenario)
  process.stdout.write(`nothing lost, run ${scenario.name}, ${scenario.sabotage}: ${JSON.stringify(figures)}\n`)
  return findBreaches(scenario, figures)
}

describe.skipIf(!hasRedis)('two nodes, Redis and the lines of clients are killed and cut under load', () => {
  const timeout = 180_000
  // Less is enough to find out what goes wrong at every turn.
  const short = { publications: 1500, faults: 3 }

  test('with a Redis that keeps everything, nothing is lost, doubled, out of order or not recovered', {
    timeout,
  }, async () => {
    expect(await breachesOf(runA('quick'))).toEqual([])
  })

  test('with one that forgets everything, what is lost is told, and nothing else is', { timeout }, async () => {
    expect(await breachesOf(runB('quick'))).toEqual([])
  })

  test('the run fails where what is read and what comes live is not merged', { timeout }, async () => {
    const breaches = await breachesOf({ ...runA('quick'), ...short, sabotage: 'forget-live' })
    expect(breaches).toContainEqual(expect.stringContaining('gaps were not told'))
    expect(breaches).toContainEqual(expect.stringContaining('never came'))
  })

  test('the run fails where gaps are told that there are not', { timeout }, async () => {
    const breaches = await breachesOf({ ...runB('quick'), ...short, sabotage: 'invent-gaps' })
    expect(breaches).toContainEqual(expect.stringContaining('though the broker had everything'))
  })
})

describe('what breaks', () => {
  test('is the same for the same seed, and not for another', () => {
    const scenario = runA('long')
    expect(planFaults(scenario, 2)).toEqual(planFaults(scenario, 2))
    expect(planFaults({ ...scenario, seed: 1 }, 2)).not.toEqual(planFaults(scenario, 2))
  })

  test('is of every kind, and in time for somebody to notice', () => {
    for (let seed = 0; seed < 100; seed++) {
      const faults = planFaults({ ...runA('long'), seed }, 2)
      const count = (wanted: string): number => faults.filter(({ kind }) => kind === wanted).length
      expect([count('kill-redis'), count('kill-node'), count('cut-clients')].toSorted()).toEqual([3, 3, 4])
      const times = faults.map(({ afterAcknowledged }) => afterAcknowledged)
      expect(times).toEqual(times.toSorted((one, other) => one - other))
      expect(times.at(-1)).toBeLessThan(100_000)
    }
  })
})

describe('the ledger of a subscription', () => {
  const at = (offset: number, epoch = 'e') => ({ offset, epoch })
  const first = { wasRecovering: false, recovered: false, position: at(0) }
  const none = emptyTally()

  function kept(keep: (ledger: Ledger) => void): { readonly ledger: Ledger; readonly tally: Tally } {
    const tally = emptyTally()
    const ledger = new Ledger(tally)
    ledger.subscribed(first)
    keep(ledger)
    return { ledger, tally }
  }

  test('has nothing to say of what comes in order, of two publishers', () => {
    const { ledger, tally } = kept((each) => {
      each.published(1, 0, 0)
      each.published(2, 1, 0)
      each.subscribed({ wasRecovering: true, recovered: true, position: at(3) })
      each.published(3, 0, 1)
    })
    expect(tally).toEqual({ ...none, delivered: 3, recovered: 1 })
    expect(ledger.missing([2, 1])).toBe(0)
    expect([ledger.hasReached(at(3)), ledger.hasReached(at(4)), ledger.hasReached(at(3, 'f'))]).toEqual([
      true,
      false,
      false,
    ])
  })

  test.each<[string, (ledger: Ledger) => void, Partial<Tally>, number]>([
    ['a hole', (each) => each.published(2, 0, 1), { delivered: 1, gaps: 1 }, 1],
    [
      'what comes twice',
      (each) => {
        each.published(1, 0, 0)
        each.published(2, 0, 0)
      },
      { delivered: 2, doubled: 1 },
      1,
    ],
    [
      'what comes behind a later one',
      (each) => {
        each.published(2, 0, 1)
        each.published(1, 0, 0)
      },
      { delivered: 2, gaps: 1, disordered: 1 },
      0,
    ],
    [
      'a subscription that goes on at the end, untold',
      (each) => each.subscribed({ wasRecovering: false, recovered: false, position: at(2) }),
      { strayed: 1 },
      2,
    ],
    [
      'a recovery in another stream',
      (each) => each.subscribed({ wasRecovering: true, recovered: true, position: at(0, 'f') }),
      { recovered: 1, strayed: 1 },
      2,
    ],
  ])('counts %s', (_what, keep, counted, missing) => {
    const { ledger, tally } = kept(keep)
    expect(tally).toEqual({ ...none, ...counted })
    expect(ledger.missing([2])).toBe(missing)
  })

  test('says from where a recovery was asked for that was not whole, and goes on where the stream stands', () => {
    const { ledger, tally } = kept((each) => {
      each.published(1, 0, 0)
      const position = at(5, 'f')
      expect(each.subscribed({ wasRecovering: true, recovered: false, position })).toEqual({
        asked: at(1),
        stands: position,
      })
      // In a stream that began anew a publisher that did not know may have been stored once more.
      each.published(6, 0, 0)
    })
    expect(tally).toEqual({ ...none, delivered: 2, unrecovered: 1 })
    expect(ledger.hasReached(at(6, 'f'))).toBe(true)
  })
})
