import { hasChromium, hasNginx, hasRedis, launchChromium } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Account, type AccountReport } from '../transport-chaos/account.ts'
import { findChaosBreaches } from '../transport-chaos/chaos-breaches.ts'
import { type Browser, type ChaosScenario, playChaos } from '../transport-chaos/play-chaos.ts'

/** Plays it; resolves with what is wrong. */
async function breachesOf(scenario: ChaosScenario, browser: Browser): Promise<readonly string[]> {
  const figures = await playChaos(scenario, browser)
  process.stdout.write(`chaos: ${JSON.stringify({ ...scenario, ...figures })}\n`)
  return findChaosBreaches(figures)
}

describe.skipIf(!hasRedis || !hasNginx || !hasChromium)(
  'a page follows over every transport while everything fails',
  () => {
    const timeout = 90_000
    const kept = { persistence: 'always' } as const
    let browser: Browser

    beforeAll(async () => {
      browser = await launchChromium()
    })

    afterAll(() => browser.close())

    test('each has every publication once and in order', { timeout }, async () => {
      const scenario = { ...kept, seed: 20_261_121, lineFaults: 6, kills: 1, sabotage: 'none' } as const
      expect(await breachesOf(scenario, browser)).toEqual([])
    })

    test('each is told of what is lost with a Redis that forgets, and of nothing else', { timeout }, async () => {
      const scenario = { persistence: 'none', seed: 2, lineFaults: 3, kills: 1, sabotage: 'none' } as const
      expect(await breachesOf(scenario, browser)).toEqual([])
    })

    test('it is found out when nodes forget what comes live while they read history', { timeout }, async () => {
      const breaches = await breachesOf({ ...kept, seed: 1, lineFaults: 3, kills: 1, sabotage: 'forget-live' }, browser)
      for (const transport of ['websocket', 'sse', 'http-stream']) {
        expect(breaches).toContainEqual(expect.stringMatching(new RegExp(`^${transport}: \\d+ missing`)))
      }
    })
  },
)

describe('the account of a subscriber', () => {
  const at = (offset: number, epoch = 'e') => ({ offset, epoch })
  const goal = { position: at(3), counts: [3] }
  const reportOf = (keep: (account: Account) => void): AccountReport => {
    const account = new Account('t')
    for (let i = 0; i < 2; i++) account.connected()
    account.standing(at(0))
    keep(account)
    return account.report(goal)
  }
  const breaches = (keep: (account: Account) => void): readonly string[] =>
    findChaosBreaches({ persistence: 'always', publications: 3, epochs: ['e'], reports: [reportOf(keep)] })
  const tell = (account: Account, ...offsets: readonly number[]): void => {
    for (const offset of offsets) account.published(at(offset), [0, offset - 1])
  }

  test('has nothing to say of what comes once and in order, whoever comes back', () => {
    const keep = (account: Account): void => {
      tell(account, 1)
      expect(account.after).toBe('e:1')
      account.standing(at(2))
      tell(account, 2, 3)
    }
    expect(breaches(keep)).toEqual([])
    expect(reportOf(keep)).toMatchObject({ delivered: 3, recovered: 1, hasFinished: true })
  })

  test.each<[string, (account: Account) => void, string]>([
    ['what is missing', (account) => tell(account, 1, 3), 't: 1 missing'],
    ['a hole that nobody told of', (account) => tell(account, 1, 3), 't: 1 gaps'],
    ['what comes twice', (account) => tell(account, 1, 2, 2, 3), 't: 1 doubled'],
    ['what comes behind a later one', (account) => tell(account, 1, 3, 2), 't: 1 disordered'],
    ['an end that never came', (account) => tell(account, 1, 2), 't: it did not come to the end'],
    [
      'a publication of another stream',
      (account) => {
        account.published(at(1, 'f'), [0, 0])
        tell(account, 1, 2, 3)
      },
      't: 1 strayed',
    ],
    [
      'a gap that was told, where there is none',
      (account) => {
        account.gap()
        tell(account, 1, 2, 3)
      },
      't: 1 gapsTold',
    ],
  ])('counts %s', (_what, keep, breach) => {
    expect(breaches(keep)).toContain(breach)
  })

  test('goes on behind a gap, which is no hole any more', () => {
    const report = reportOf((account) => {
      tell(account, 1)
      account.gap()
      account.published(at(3), [0, 2])
    })
    expect(report).toMatchObject({ gaps: 0, gapsTold: 1, unrecovered: 1, missing: 1, hasFinished: true })
  })

  test('of who was never away shows nothing', () => {
    const account = new Account('t')
    account.connected()
    account.standing(at(0))
    tell(account, 1, 2, 3)
    const reports = [account.report(goal)]
    expect(findChaosBreaches({ persistence: 'always', publications: 3, epochs: ['e'], reports })).toEqual([
      't: it was never away',
    ])
  })

  describe('where Redis forgets', () => {
    const breachesBehind = (keep: (account: Account) => void, position = at(1, 'f')): readonly string[] => {
      const account = new Account('t')
      for (let i = 0; i < 2; i++) account.connected()
      account.standing(at(0))
      account.published(at(1), [0, 0])
      keep(account)
      const reports = [account.report({ position, counts: [2] })]
      return findChaosBreaches({ persistence: 'none', publications: 2, epochs: ['e', 'f'], reports })
    }

    test('has nothing to say of a gap behind which all comes that is held', () => {
      const keep = (account: Account): void => {
        account.gap()
        account.published(at(1, 'f'), [0, 1])
      }
      expect(breachesBehind(keep)).toEqual([])
    })

    test('has nothing to say of a session that goes on in the middle of another stream', () => {
      const keep = (account: Account): void => {
        account.subscribed(true, false, at(4, 'f'))
        account.published(at(5, 'f'), [0, 5])
      }
      expect(breachesBehind(keep, at(5, 'f'))).toEqual([])
    })

    test.each<[string, (account: Account) => void, string]>([
      ['a gap that was not told', (account) => account.standing(at(1, 'f')), 't: 1 strayed'],
      ['no gap at all', () => {}, 't: it was told of no gap, and Redis has forgotten'],
      [
        'a gap within a stream, of which everything was held',
        (account) => {
          account.gap()
          account.standing(at(2))
        },
        't: 1 avoidable',
      ],
      [
        'a gap to an earlier stream, in which nothing can be',
        (account) => {
          account.gap()
          account.standing(at(0, 'f'))
          account.gap()
          account.standing(at(0, 'e'))
        },
        't: 1 avoidable',
      ],
      [
        'what is held and does not come behind a gap',
        (account) => {
          account.gap()
          account.published(at(2, 'f'), [0, 2])
        },
        't: 1 withheld',
      ],
    ])('counts %s', (_what, keep, breach) => {
      expect(breachesBehind(keep)).toContain(breach)
    })
  })
})
