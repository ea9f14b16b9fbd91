import { describe, expect, test } from 'vitest'
import { ALL_CASES } from './cases/all-cases.ts'
import { describeCase } from './judge/conformance-case.ts'
import { concerns, judgeCase } from './judge/judge-case.ts'
import { memorySubject } from './subjects/memory-subject.ts'
import { wigwagMachine } from './subjects/wigwag-machine.ts'

const subject = memorySubject('the core in memory', wigwagMachine)

describe.each(['server', 'client'] as const)('the core as a %s', (role) => {
  test.each(
    ALL_CASES.filter((each) => concerns(each, role, subject)).map((each) => [describeCase(each), each] as const),
  )('%s', async (_title, conformanceCase) => {
    expect(await judgeCase(conformanceCase, role, subject)).toBeUndefined()
  })
})
