// `npm test`: builds, makes sure of the programs that tests start, runs every test. Arguments go to vitest.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describeMissing, ensurePrograms } from './system-programs.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

function run(command, args, env = {}) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } })
  if (status !== 0) process.exit(status ?? 1)
}

// The command and its pages are tested as they are shipped.
run('npm', ['run', '--silent', 'build', '--loglevel=error'])
for (const line of describeMissing(ensurePrograms())) console.log(line)
const args = process.argv.slice(2)
// Programs that use `ws`, run on the face of it. With arguments, only a part of the tests is wanted.
if (args.length === 0) run(process.execPath, ['packages/ws/real/run.mjs'])
// The figures are of the whole: a part of the tests cannot reach them.
const coverage = args.some((arg) => !arg.startsWith('-')) ? [] : ['--coverage']
run('npx', ['--no-install', 'vitest', 'run', ...coverage, ...args], { npm_config_loglevel: 'error' })
