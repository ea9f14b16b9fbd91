import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
let copy: string

// Breaches are planted in a copy, so that nothing else that reads the sources meanwhile sees them.
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'wigwag-layers-'))
  for (const folder of ['packages', 'apps', 'tools']) {
    cpSync(join(root, folder), join(copy, folder), {
      recursive: true,
      filter: (path) => !/\/(node_modules|dist|pages|test)$/.test(path),
    })
  }
  for (const file of ['biome.json', 'tsconfig.base.json', 'package.json', '.gitignore'])
    cpSync(join(root, file), join(copy, file))
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  // Biome takes its list of ignored files from git.
  spawnSync('git', ['init', '-q'], { cwd: copy })
})
afterAll(() => rmSync(copy, { recursive: true }))

interface Verdict {
  readonly status: number | null
  readonly output: string
}

function check(command: string, args: readonly string[]): Verdict {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: copy, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

function withPlanted<T>(path: string, code: string, run: () => T): T {
  const file = join(copy, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, code)
  try {
    return run()
  } finally {
    rmSync(file)
  }
}

const layers = (): Verdict => check('node', [join(copy, 'tools/check-layers.mjs'), copy])
const vocabulary = (): Verdict => check('node', [join(copy, 'tools/check-vocabulary.mjs'), copy])
const compiler = (project: string): Verdict => check(join(root, 'node_modules/.bin/tsc'), ['-p', project])
const linter = (path: string): Verdict => check(join(root, 'node_modules/.bin/biome'), ['lint', path])

describe('every import points down', () => {
  test('the tree as it is has no breach', () => {
    expect(layers()).toMatchObject({ status: 0 })
    expect(vocabulary()).toMatchObject({ status: 0 })
  })

  test.each([
    [
      'frames use connections',
      'packages/socket/src/core/frame/planted.ts',
      "import { Connection } from '../connection/connection.ts'\nexport const planted = Connection\n",
      'points up',
    ],
    [
      'types count, too',
      'packages/socket/src/core/bytes/planted.ts',
      "import type { Role } from '../frame/role.ts'\nexport type Planted = Role\n",
      'points up',
    ],
    [
      'the core uses Node',
      'packages/socket/src/core/frame/planted.ts',
      "import { connect } from 'node:net'\nexport const planted = connect\n",
      'pure',
    ],
    [
      'the driver goes past the door of the core',
      'packages/socket/src/node/planted.ts',
      "import { FrameParser } from '../core/frame/frame-parser.ts'\nexport const planted = FrameParser\n",
      'goes past the door',
    ],
    [
      'sockets use the hub',
      'packages/socket/src/node/planted.ts',
      "import { Hub } from '@wigwag/hub'\nexport const planted = Hub\n",
      'not below',
    ],
    [
      'a program behind a WebSocket',
      'packages/programs/src/process/planted.ts',
      "import { ExecEndpoint } from '../exec/exec-endpoint.ts'\nexport const planted = ExecEndpoint\n",
      'points up',
    ],
    [
      'the pure hub uses sockets',
      'packages/hub/src/channel/planted.ts',
      "import { PreparedMessage } from '@wigwag/socket'\nexport const planted = PreparedMessage\n",
      'pure',
    ],
    [
      'one package reaches into another',
      'packages/hub/src/node/planted.ts',
      "export { Pump } from '../../../socket/src/node/pump.ts'\n",
      'leaves the package',
    ],
    [
      'parts that are apart are joined',
      'packages/socket/src/core/handshake/planted.ts',
      "export { Connection } from '../connection/connection.ts'\n",
      'points up',
    ],
  ])('%s: refused', (_what, path, code, reason) => {
    const verdict = withPlanted(path, code, layers)
    expect(verdict.status).toBe(1)
    expect(verdict.output).toContain(path)
    expect(verdict.output).toContain(reason)
  })
})

describe('the core knows no host', () => {
  test.each([
    ['Buffer', 'export const planted: unknown = Buffer.alloc(1)\n'],
    ['process', 'export const planted: unknown = process.pid\n'],
    ['setTimeout', 'setTimeout(() => {}, 1)\n'],
    ['node:net', "import { connect } from 'node:net'\nexport const planted: unknown = connect\n"],
  ])('the compiler refuses %s', (name, code) => {
    const verdict = withPlanted('packages/socket/src/core/planted.ts', code, () =>
      compiler('packages/socket/tsconfig.core.json'),
    )
    expect(verdict.status).not.toBe(0)
    expect(verdict.output).toContain(name)
  })

  test('the linter refuses the clock', () => {
    const path = 'packages/socket/src/core/planted.ts'
    const verdict = withPlanted(path, 'export const planted: number = Date.now()\n', () => linter(path))
    expect(verdict.status).not.toBe(0)
    expect(verdict.output).toContain('Time comes in by argument')
  })

  test('randomness is refused', () => {
    const path = 'packages/socket/src/core/planted.ts'
    const verdict = withPlanted(path, 'export const planted: number = Math.random()\n', layers)
    expect(verdict).toMatchObject({ status: 1 })
    expect(verdict.output).toContain('randomness comes in by argument')
  })
})

describe('names use the vocabulary', () => {
  test.each([
    ['packages/hub/src/channel/planted.ts', 'export const topicName = 1\n', 'the term is channel'],
    ['packages/hub/src/channel/utils.ts', 'export const planted = 1\n', 'named after what it exports'],
    ['packages/hub/src/channel/index.ts', 'export const planted = 1\n', "only at a subpath's door"],
  ])('%s', (path, code, reason) => {
    const verdict = withPlanted(path, code, vocabulary)
    expect(verdict).toMatchObject({ status: 1 })
    expect(verdict.output).toContain(reason)
  })
})
