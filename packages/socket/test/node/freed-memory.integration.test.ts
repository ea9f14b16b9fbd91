import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const PROGRAM = fileURLToPath(new URL('./programs/count-page-faults.ts', import.meta.url))
const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }

// An array of 1 MiB is 256 pages.
test.skipIf(header.glibcVersionRuntime === undefined)(
  'messages of 1 MiB that keep coming lie in memory that was used before, not in new pages',
  async () => {
    const args = ['--conditions=@wigwag/source', '--import', 'tsx', PROGRAM]
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 25_000 })
    expect(Number(stdout)).toBeLessThan(128)
  },
)
