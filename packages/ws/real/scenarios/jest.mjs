import { spawnSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'

const JEST = resolve('node_modules/jest/bin/jest.js')

export const packages = ['koa-websocket', 'engine.io', 'engine.io-client']

/** Tests that use `ws` inside Jest: suites of ours, in CommonJS and as modules, and those that koa-websocket publishes. */
export async function play(check) {
  const here = realpathSync('.')
  const common = { testEnvironment: 'node', transform: {}, testPathIgnorePatterns: [], haste: { retainAllFiles: true } }
  run(check, 'ours', 10, here, {
    ...common,
    rootDir: here,
    roots: [join(here, 'scenarios/jest')],
    testMatch: ['**/*.test.{cjs,mjs}'],
    moduleFileExtensions: ['js', 'cjs', 'mjs', 'json'],
  })
  const koa = join(here, 'node_modules/koa-websocket')
  run(check, 'koa-websocket', 6, koa, {
    ...common,
    rootDir: koa,
    testMatch: ['**/test/test.js'],
    setupFilesAfterEnv: [join(here, 'scenarios/jest/mocha-names.cjs')],
  })
}

function run(check, whose, count, cwd, config) {
  const env = {
    ...process.env,
    // Modules of ECMAScript are an experiment of Jest's.
    NODE_OPTIONS: '--experimental-vm-modules --no-warnings',
    // What the test of koa-websocket says for itself does not leave Jest.
    NODE_TLS_REJECT_UNAUTHORIZED: whose === 'koa-websocket' ? '0' : '1',
  }
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [JEST, '--json', '--runInBand', '--cache=false', '--config', JSON.stringify(config)],
    { cwd, encoding: 'utf8', env },
  )
  let passed = 0
  for (const { assertionResults, message } of resultsIn(stdout, stderr)) {
    // A suite that does not load has no results.
    if (assertionResults.length === 0) check(`${whose}: a suite`, message, 'loaded')
    for (const { fullName, status, failureMessages } of assertionResults) {
      check(`${whose}: ${fullName}`, status === 'passed' ? status : failureMessages.join('\n'), 'passed')
      if (status === 'passed') passed++
    }
  }
  check(`${whose}: tests that passed`, passed, count)
}

function resultsIn(stdout, stderr) {
  try {
    return JSON.parse(stdout).testResults
  } catch {
    throw new Error(`Jest did not say how it went:\n${stderr}${stdout}`)
  }
}
