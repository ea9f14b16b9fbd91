import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const compilers = here('compilers')
let project: string
let installed: readonly string[]

/** An empty project into which the package is installed as npm would publish it, under the name `ws`. */
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'wigwag-ws-'))
  const npm = (...parameters: string[]): string =>
    execFileSync('npm', [...parameters, '--loglevel=error', '--no-audit', '--no-fund'], {
      cwd: project,
      encoding: 'utf8',
    })
  execFileSync('npm', ['run', '--silent', 'build', '--workspace', '@wigwag/ws'], { cwd: root })
  const packed = npm('pack', join(root, 'packages/ws')).trim()
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ private: true, dependencies: { ws: `file:${packed}` } }),
  )
  npm('install', '--offline')
  installed = readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))
  for (const file of readdirSync(here('install'))) cpSync(join(here('install'), file), join(project, file))
  if (!existsSync(join(compilers, 'node_modules'))) npm('ci', '--prefix', compilers)
  for (const name of ['@types', 'undici-types']) {
    symlinkSync(join(compilers, 'node_modules', name), join(project, 'node_modules', name))
  }
}, 120_000)
afterAll(() => rmSync(project, { recursive: true }))

function run(...parameters: string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, parameters, { cwd: project, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

describe('installed under the name ws', () => {
  test('it brings nothing else along', () => {
    expect(installed).toEqual(['ws'])
  })

  test.each(['forms.mjs', 'forms.cjs'])(
    'every form of import and require gives one class, and it works (%s)',
    (file) => {
      expect(run(file)).toEqual({ status: 0, output: 'echo\n' })
    },
  )

  test('in a bundle for browsers it says what to use instead', () => {
    const code =
      "const WebSocket = require('./node_modules/ws/browser.cjs'); try { new WebSocket('ws://x') } catch (error) { console.log(error.message) }"
    expect(run('-e', code).output).toContain('globalThis.WebSocket')
  })
})

const typescript = [
  ['5.0', join(compilers, 'node_modules/typescript-5.0/lib/tsc.js')],
  ['5.9', join(compilers, 'node_modules/typescript-5.9/lib/tsc.js')],
  ['7.0', join(root, 'node_modules/typescript/bin/tsc')],
] as const

describe('the declarations compile, with every declaration checked', () => {
  const strict = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2022', '--types', 'node']
  const compile = (tsc: string, ...parameters: string[]): string => run(tsc, ...strict, ...parameters).output
  const [[, oldest], [, newestOfFive]] = typescript

  test.each(typescript)('TypeScript %s, as ES module and as CommonJS', (_version, tsc) => {
    expect(compile(tsc, '--module', 'nodenext', 'esm-types.mts', 'cjs-types.cts')).toBe('')
  })

  test('TypeScript 5.0 with the resolution of old, which knows no exports', () => {
    const classic = ['--module', 'commonjs', '--moduleResolution', 'node', '--esModuleInterop']
    expect(compile(oldest, ...classic, 'classic-types.ts')).toBe('')
  })

  test('TypeScript 5.9 as bundlers resolve', () => {
    expect(compile(newestOfFive, '--module', 'esnext', '--moduleResolution', 'bundler', 'esm-types.mts')).toBe('')
  })
})
