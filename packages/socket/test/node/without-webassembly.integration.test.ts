import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const PROGRAM = fileURLToPath(new URL('./programs/echo-itself.ts', import.meta.url))

test.each([
  [['--jitless'], false],
  [[], true],
])('with %j messages arrive as they were sent, WebAssembly or not', async (flags, webAssembly) => {
  const args = [...flags, '--conditions=@wigwag/source', '--import', 'tsx', PROGRAM]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 25_000 })
  expect(JSON.parse(stdout)).toEqual({ same: true, webAssembly })
})
