import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const PROGRAM = fileURLToPath(new URL('./programs/echo-itself.ts', import.meta.url))

// Node 22's own `node:http` cannot be imported without WebAssembly: it exports what its `fetch` is made of.
const LACKING: [flags: string[], webAssembly: boolean][] = process.version.startsWith('v22.')
  ? []
  : [[['--jitless'], false]]

test.each([...LACKING, [[], true] as const])(
  'with %j messages arrive as they were sent, WebAssembly or not',
  async (flags, webAssembly) => {
    const args = [...flags, '--conditions=@wigwag/source', '--import', 'tsx', PROGRAM]
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 25_000 })
    expect(JSON.parse(stdout)).toEqual({ same: true, webAssembly })
  },
)
