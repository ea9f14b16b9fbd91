import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { relative } from 'node:path'
import { build } from 'esbuild'
import type { FuzzTarget } from './fuzz-target.ts'
import { type Block, COUNTERS_GLOBAL, instrument } from './instrument.ts'
import { projectRoot } from './targets.ts'

/** A target whose code under test counts where it passes. */
export interface LoadedTarget {
  readonly target: FuzzTarget
  /** By their number; those of code that the bundle left out cannot be passed. */
  readonly blocks: readonly Block[]
  /** The numbers of those that are in the bundle. */
  readonly blocksPresent: ReadonlySet<number>
  /** One for each block; whoever runs an input sets them to 0 first. */
  readonly counters: Uint8Array
  readonly literals: readonly (string | number)[]
}

/** More blocks than any target has; the counters must be there before the code. */
const MAX_BLOCKS = 16_384

/** Where a block is counted, whatever the bundler calls the counters there. */
const COUNTED = /\b__blockCounters\d*\[(\d+)\]\+\+/g

/** Bundles a target file. What lies in a `src` folder is the code under test, and instrumented. */
export async function loadTarget(file: string): Promise<LoadedTarget> {
  const blocks: Block[] = []
  const literals = new Set<string | number>()
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    conditions: ['@wigwag/source'],
    packages: 'bundle',
    external: ['ioredis', 'vitest', 'fast-check'],
    keepNames: true,
    plugins: [
      {
        name: 'instrument',
        setup({ onLoad }) {
          onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
            const name = relative(projectRoot, path)
            if (name.includes('node_modules') || name.includes('/src/testing/')) return undefined
            const { code, blocks: found, literals: said } = instrument(readFileSync(path, 'utf8'), name, blocks.length)
            blocks.push(...found)
            for (const literal of said) literals.add(literal)
            return { contents: code, loader: 'ts' }
          })
        },
      },
    ],
  })
  const counters = new Uint8Array(MAX_BLOCKS)
  ;(globalThis as Record<string, unknown>)[COUNTERS_GLOBAL] = counters
  const module = { exports: {} as FuzzTarget }
  const code = `${outputFiles[0]?.text}\n//# sourceURL=${file}.bundle.cjs`
  const blocksPresent = new Set(Array.from(code.matchAll(COUNTED), ([, block]) => Number(block)))
  new Function('module', 'exports', 'require', code)(module, module.exports, createRequire(file))
  const words = counters.subarray(0, Math.ceil(blocks.length / 4) * 4)
  return { target: module.exports, blocks, blocksPresent, counters: words, literals: [...literals].sort() }
}
