import type { Role } from '@wigwag/socket/core'
import { describe, expect, test } from 'vitest'
import { ALL_CASES } from './cases/all-cases.ts'
import { describeCase } from './judge/conformance-case.ts'
import { concerns, judgeCase } from './judge/judge-case.ts'
import { DEFECTS, type Defect } from './subjects/defects.ts'
import { memorySubject } from './subjects/memory-subject.ts'
import { smallPeer } from './subjects/small-peer.ts'

/** The first case that a peer with these defects fails, with what it did wrong. */
async function findFault(...defects: readonly Defect[]): Promise<string | undefined> {
  const subject = memorySubject(
    'a small peer',
    smallPeer(...defects),
    (_role, options) => options.compression === undefined,
  )
  for (const role of ['server', 'client'] satisfies Role[]) {
    for (const each of ALL_CASES.filter((conformanceCase) => concerns(conformanceCase, role, subject))) {
      const fault = await judgeCase(each, role, subject)
      if (fault !== undefined) return `${role}, ${describeCase(each)}: ${fault}`
    }
  }
  return undefined
}

describe('the judge', () => {
  test('has nothing against a second implementation without defects', async () => {
    expect(await findFault()).toBeUndefined()
  })

  test.each(DEFECTS)('catches a peer that %s', async (defect) => {
    expect(await findFault(defect)).toBeDefined()
  })

  test('catches a peer that is lax in all', async () => {
    expect(
      await findFault(
        ...DEFECTS.filter((defect) => /^(takes|ignores|does not (mind|check|look)|counts no)/.test(defect)),
      ),
    ).toBeDefined()
  })
})
