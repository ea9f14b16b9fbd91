import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/**
 * Turns a TypeScript program of the benchmark into plain JavaScript, so that no loader runs in the process under test.
 * Packages stay imports and resolve from `home`, as they do for anybody. Returns the file.
 */
export async function buildProgram(source: URL, home: URL): Promise<string> {
  const folder = new URL('node_modules/.cache/wigwag-bench/', home)
  const outfile = fileURLToPath(new URL(`${basename(source.pathname, '.ts')}.mjs`, folder))
  await build({
    entryPoints: [fileURLToPath(source)],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  })
  return outfile
}
