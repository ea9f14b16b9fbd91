import { afterAll, describe, expect, test } from 'vitest'
import { ALL_CASES } from './cases/all-cases.ts'
import { describeCase } from './judge/conformance-case.ts'
import { concerns, judgeCase } from './judge/judge-case.ts'
import type { Subject } from './judge/line.ts'

/** One test for each case that concerns the subject, in both roles. */
export function describeConformance(subject: Subject): void {
  describe.each(['server', 'client'] as const)(`${subject.name}, as a %s`, (role) => {
    const cases = ALL_CASES.filter((each) => concerns(each, role, subject))

    test.each(cases.map((each) => [describeCase(each), each] as const))('%s', async (_title, conformanceCase) => {
      expect(await judgeCase(conformanceCase, role, subject)).toBeUndefined()
    })
  })

  afterAll(() => subject.close?.())
}
