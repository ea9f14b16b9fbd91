import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCES = fileURLToPath(new URL('./native-generator/', import.meta.url))
const CACHE = fileURLToPath(new URL('../node_modules/.cache/wigwag-bench/', import.meta.url))
const COMPILER = 'cc'
const FLAGS = ['-O2', '-std=gnu11', '-Wall', '-Wextra', '-Werror']
const LIBRARIES = ['-lz']

/** The load generator in C, or why there is none. */
export type NativeGenerator =
  | { readonly kind: 'built'; readonly file: string; readonly compiler: string }
  | { readonly kind: 'missing'; readonly reason: string }

/**
 * Compiles the load generator in C, once for what its sources say. `compiler` is the command of a C compiler.
 * Throws when there is a compiler that does not take the sources.
 */
export function buildNativeGenerator(compiler: string = COMPILER): NativeGenerator {
  if (process.platform !== 'linux') return { kind: 'missing', reason: `it is for Linux, this is ${process.platform}` }
  const names = readdirSync(SOURCES)
    .filter((name) => /\.[ch]$/.test(name))
    .sort()
  const hash = createHash('sha1').update(FLAGS.join(' '))
  for (const name of names) hash.update(`\n${name}\n`).update(readFileSync(join(SOURCES, name)))
  const version = spawnSync(compiler, ['--version'], { encoding: 'utf8' })
  if (version.status !== 0) return { kind: 'missing', reason: `there is no C compiler (${compiler})` }
  if (!hasZlib(compiler)) return { kind: 'missing', reason: 'there is no zlib.h (Debian: apt-get install zlib1g-dev)' }
  const file = join(CACHE, `load-generator-${hash.update(version.stdout).digest('hex').slice(0, 12)}`)
  if (!existsSync(file)) compile(compiler, names, file)
  return { kind: 'built', file, compiler: version.stdout.split('\n', 1)[0] ?? compiler }
}

/** The generator that a run uses, and what its results say of it. */
export interface GeneratorChoice {
  /** The one in C; nothing for the one in TypeScript everywhere. */
  readonly file: string | undefined
  readonly about: string
}

/** Decides by the option `--generator`. Throws when the one in C is asked for and there is none. */
export function chooseGenerator(wanted: 'best' | 'c' | 'node'): GeneratorChoice {
  if (wanted === 'node') return { file: undefined, about: 'TypeScript in every cell' }
  const native = buildNativeGenerator()
  if (native.kind === 'built') {
    return { file: native.file, about: `C (${native.compiler}); TypeScript for sessions and memory` }
  }
  if (wanted === 'c') throw new Error(`No load generator in C: ${native.reason}`)
  return { file: undefined, about: `TypeScript in every cell: ${native.reason}` }
}

function hasZlib(compiler: string): boolean {
  return spawnSync(compiler, ['-E', '-x', 'c', '-'], { input: '#include <zlib.h>\n' }).status === 0
}

/** Into a file of its own first, so that who runs at the same time never sees half a program. */
function compile(compiler: string, names: readonly string[], file: string): void {
  mkdirSync(CACHE, { recursive: true })
  const unfinished = `${file}.${process.pid}`
  const sources = names.filter((name) => name.endsWith('.c')).map((name) => join(SOURCES, name))
  const { status, stderr } = spawnSync(compiler, [...FLAGS, '-o', unfinished, ...sources, ...LIBRARIES], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${compiler} did not compile bench/native-generator:\n${stderr}`)
  renameSync(unfinished, file)
}
