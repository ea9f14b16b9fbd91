/**
 * Plays the cases against `ws` and prints those that it fails, by what the RFCs and our own choices say: a way to see
 * what a case is worth, not a test.
 *
 *     npx tsx -C @wigwag/source packages/socket/test/conformance/judge-foreign-peer.ts
 */
import { ALL_CASES } from './cases/all-cases.ts'
import { describeCase } from './judge/conformance-case.ts'
import { concerns, judgeCase } from './judge/judge-case.ts'
import { wsPeer } from './subjects/ws-peer.ts'

for (const role of ['server', 'client'] as const) {
  const cases = ALL_CASES.filter((each) => concerns(each, role, wsPeer))
  let failed = 0
  for (const each of cases) {
    const fault = await judgeCase(each, role, wsPeer)
    if (fault === undefined) continue
    failed++
    console.log(`${role}, ${describeCase(each)}\n    ${fault}`)
  }
  console.log(`${wsPeer.name} as a ${role}: ${cases.length} cases, ${failed} failed\n`)
}
process.exit()
