import { existsSync, readFileSync } from 'node:fs'
import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/** Ends a run with one plain line: `N passed, N failed, N skipped`. A file that fails to import counts as failed. */
export default class PlainReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, errors: ReadonlyArray<SerializedError>): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    for (const module of modules) {
      const tests = [...module.children.allTests()]
      if (module.state() === 'failed' && tests.length === 0) count.failed++
      for (const test of tests) count[test.result().state]++
    }
    count.failed += errors.length + count.pending
    const line = `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`
    // Behind everything else, the coverage table included.
    process.once('exit', () => process.stdout.write(describeParserCoverage() + line))
  }
}

const SUMMARY = 'coverage/coverage-summary.json'
const PARSER = '/core/frame/frame-parser.ts'

/** How much of the frame parser the tests reach: the one number that the property tests stand or fall with. */
function describeParserCoverage(): string {
  if (!process.argv.includes('--coverage') || !existsSync(SUMMARY)) return ''
  const summary = JSON.parse(readFileSync(SUMMARY, 'utf8')) as Record<string, { branches: { pct: number } }>
  const parser = Object.entries(summary).find(([file]) => file.endsWith(PARSER))
  return parser === undefined ? '' : `frame parser: ${parser[1].branches.pct} % of branches covered (at least 98)\n`
}
