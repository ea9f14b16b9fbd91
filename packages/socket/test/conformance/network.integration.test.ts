import { afterAll, describe, expect, test } from 'vitest'
import { ALL_CASES } from './cases/all-cases.ts'
import { describeCase } from './judge/conformance-case.ts'
import { concerns, judgeCase } from './judge/judge-case.ts'
import { WigwagOnNode } from './subjects/wigwag-on-node.ts'

const SUBJECTS = [
  new WigwagOnNode('http', { tls: false, io: 'native' }),
  new WigwagOnNode('http, through streams', { tls: false, io: 'public' }),
  new WigwagOnNode('https', { tls: true, io: 'native' }),
]

describe.each(SUBJECTS.map((subject) => [subject.name, subject] as const))('over %s', (_name, subject) => {
  afterAll(() => subject.close())

  describe.each(['server', 'client'] as const)('as a %s', (role) => {
    test.each(
      ALL_CASES.filter((each) => concerns(each, role, subject)).map((each) => [describeCase(each), each] as const),
    )('%s', async (_title, conformanceCase) => {
      expect(await judgeCase(conformanceCase, role, subject)).toBeUndefined()
    })
  })
})
