import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** Plays tests that a package publishes, with the runner of Node. Every one is noted by its name; `count` must pass. */
export async function playOwnTests(check, name, files, count) {
  // A scenario is played in the folder that has the `node_modules`.
  const folder = join(process.cwd(), 'node_modules', name)
  const { NODE_TEST_CONTEXT, ...env } = process.env
  const parameters = ['--test', '--test-reporter=tap', ...files.map((file) => join(folder, file))]
  const child = spawn(process.execPath, parameters, { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'] })
  let passed = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const [, not, test] = /^(not )?ok \d+ - (.*)/.exec(line) ?? []
    if (test === undefined) continue
    check(`its own test: ${test}`, not === undefined ? 'passed' : 'failed', 'passed')
    if (not === undefined) passed++
  }
  check('its own tests that passed', passed, count)
}
