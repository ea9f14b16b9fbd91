import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

function runMatrix(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/test-matrix.mjs', ...args], {
    cwd: root,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

test('a line says how the tests did on one version of Node with one kind of I/O, by what they belong to', () => {
  const files = [
    'packages/socket/test/core/bytes/base64.test.ts',
    'packages/socket/test/node/driver.integration.test.ts',
  ]
  const { status, stdout } = runMatrix('--node', process.versions.node, '--io', 'public', ...files)
  const [, , line = ''] = stdout.split('\n')
  const [version, io, unit, integration, conformance] = line
    .split('|')
    .slice(1)
    .map((text) => text.trim())
  expect([version, io]).toEqual([process.versions.node, 'public'])
  expect([unit, integration]).toEqual([
    expect.stringMatching(/^[1-9]\d*, 0, 0$/),
    expect.stringMatching(/^[1-9]\d*, 0, 0$/),
  ])
  expect(conformance).toBe('0, 0, 0')
  expect(status).toBe(0)
})

test('that nothing was run is a failure', () => {
  const { status, stdout } = runMatrix('--node', process.versions.node, '--io', 'native', 'no/such.test.ts')
  expect(stdout).toContain(`| ${process.versions.node} | native | 0, 0, 0 | 0, 0, 0 | 0, 0, 0 |`)
  expect(status).toBe(1)
})

test('an unknown kind of I/O is told, not run', () => {
  const { status, stderr } = runMatrix('--io', 'fast')
  expect(status).toBe(2)
  expect(stderr).toContain('native or public')
})
