import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { distil } from '../fuzz/distil.ts'
import type { FuzzTarget } from '../fuzz/fuzz-target.ts'
import { Fuzzer } from '../fuzz/fuzzer.ts'
import { loadTarget } from '../fuzz/load-target.ts'
import { minimise } from '../fuzz/minimise.ts'
import { findTargets, projectRoot, readCorpus } from '../fuzz/targets.ts'
import { everyBranch } from './planted/src/every-branch.ts'

const SEED = 6455
const targets = findTargets()
const planted = (name: string): string => fileURLToPath(new URL(`planted/${name}.target.ts`, import.meta.url))

describe.each(targets)('what a peer sends to $name', ({ file, corpus }) => {
  test('each seed and each input of the corpus is handled', async () => {
    const { fuzz, seeds } = (await import(file)) as FuzzTarget
    const inputs = new Map([...Object.entries(seeds), ...readCorpus(corpus)])
    expect(inputs.size).toBeGreaterThan(3)
    for (const [name, input] of inputs) {
      expect(() => fuzz(new Uint8Array(Buffer.from(input as string))), name).not.toThrow()
    }
  })

  test('and so is what grows from them in a short run', async () => {
    const loaded = await loadTarget(file)
    const fuzzer = new Fuzzer(loaded, SEED)
    for (const seed of Object.values(loaded.target.seeds)) fuzzer.add(Buffer.from(seed as string))
    fuzzer.run(1500)
    expect(fuzzer.finding, `seed ${SEED}`).toBeUndefined()
    expect(fuzzer.blocksPassed).toBeGreaterThan(1)
  })
})

describe('docs/fuzzing.md lists what parses the input of peers', () => {
  const rows = readFileSync(new URL('../../docs/fuzzing.md', import.meta.url), 'utf8')
    .split('## Run it')[0]
    ?.split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| parser'))
    .map((line) => line.split(' | ')[1] ?? '')
  const named = (rows ?? []).flatMap((cell) => [...cell.matchAll(/`([\w-]+)`/g)].map(([, name]) => name))

  test('with targets that there are, and with every target', () => {
    expect([...new Set(named)].sort()).toEqual(targets.map(({ name }) => name))
  })
})

describe('the fuzzer', () => {
  async function search(name: string, seed: number, inputs: number): Promise<Fuzzer> {
    const loaded = await loadTarget(planted(name))
    const fuzzer = new Fuzzer(loaded, seed, 500)
    for (const input of Object.values(loaded.target.seeds)) fuzzer.add(Buffer.from(input as string))
    fuzzer.run(inputs)
    return fuzzer
  }

  test.each([1, 2, 3])('finds what is behind seven conditions, with seed %i', async (seed) => {
    const { finding } = await search('throwing', seed, 200_000)
    expect(finding?.error).toMatchObject({ message: 'planted' })
    expect([...(finding?.input ?? []).slice(0, 5)]).toEqual([0x57, 0x73, 0x11, 0x12, 0x34])
  })

  test('does the same with the same seed', async () => {
    const [one, same, other] = await Promise.all([5, 5, 6].map((seed) => search('throwing', seed, 3000)))
    expect(same?.population).toEqual(one?.population)
    expect(other?.population).not.toEqual(one?.population)
  })

  test('finds what does not come back', async () => {
    const { finding } = await search('hanging', 1, 200_000)
    expect(finding?.error).toMatchObject({ message: 'It did not come back within 500 ms.' })
    expect(finding?.input[2]).toBe(0x22)
  })

  test('leaves the code under test as it is, and counts each branch of it', async () => {
    const loaded = await loadTarget(planted('every-branch'))
    const fuzzer = new Fuzzer(loaded, SEED)
    for (let n = 0; n < 12; n++) fuzzer.add(Uint8Array.of(n))
    const { results } = loaded.target as unknown as { results: readonly string[] }
    expect(results).toEqual(Array.from({ length: 12 }, (_, n) => everyBranch(n - 1)))
    expect(fuzzer.missed.map((block) => loaded.blocks[block]?.name)).toEqual(['rest'])
  })

  test('keeps one short input for each block that nothing known passes', async () => {
    const loaded = await loadTarget(planted('every-branch'))
    const inputs = Array.from({ length: 12 }, (_, n) => Uint8Array.of(n, 9, 9, 9))
    const kept = distil(loaded, inputs.slice(0, 3), inputs)
    expect(kept.length).toBeGreaterThan(2)
    expect(kept.map(({ input }) => input.length)).toEqual(kept.map(() => 1))
    expect(distil(loaded, [...inputs.slice(0, 3), ...kept.map(({ input }) => input)], inputs)).toEqual([])
  })

  test('makes what it found short and plain', () => {
    const input = Buffer.from('a long text with a needle that is hidden')
    const shortest = minimise(new Uint8Array(input), (bytes) => /n..dle/s.test(Buffer.from(bytes).toString('latin1')))
    expect(Buffer.from(shortest).toString('latin1')).toBe('n\0\0dle')
  })
})

describe('npm run fuzz', () => {
  let root: string
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'wigwag-fuzz-'))
    cpSync(fileURLToPath(new URL('planted', import.meta.url)), join(root, 'packages/planted/test/fuzz'), {
      recursive: true,
    })
    cpSync(join(projectRoot, 'package.json'), join(root, 'package.json'))
  })
  afterAll(() => rmSync(root, { recursive: true }))

  function run(...args: readonly string[]): { readonly status: number | null; readonly output: string } {
    const command = ['--conditions=@wigwag/source', '--import', 'tsx', 'tools/fuzz/run.ts', '--root', root, ...args]
    const { status, stdout, stderr } = spawnSync('node', command, { cwd: projectRoot, encoding: 'utf8' })
    return { status, output: stdout + stderr }
  }

  test('makes what it finds short, keeps it, and says how to see it', () => {
    const found = run('--target', 'throwing', '--inputs', '200000', '--seed', '1')
    expect(found.output).toContain('FOUND in throwing: RangeError: planted')
    expect(found.status).toBe(1)
    const folder = join(root, 'packages/planted/test/fuzz/corpus/throwing/crashes')
    const [name = ''] = readdirSync(folder)
    expect(readFileSync(join(folder, name))).toHaveLength(7)
    expect(found.output).toMatch(new RegExp(`--target throwing .*--replay .*${name}`))
    const seen = run('--target', 'throwing', '--replay', join(folder, name))
    expect(seen.output).toMatch(/planted[\s\S]*parse-record\.ts:/)
    expect(seen.status).not.toBe(0)
  })

  test('prints what was run, and keeps inputs that pass new blocks', () => {
    const { status, output } = run('--target', 'every-branch', '--inputs', '3000', '--seed', '1', '--keep')
    expect(output).toMatch(/^every-branch: 3000 inputs \(\d+\/s\), \d+ of \d+ blocks, \d+ kept$/m)
    expect(output).toContain('corpus/every-branch/every-branch.everyBranch.')
    expect(status).toBe(0)
  })

  test('names the targets when there is none of that name', () => {
    const { status, output } = run('--target', 'every')
    expect(output).toContain('There are: every-branch, hanging, throwing.')
    expect(status).toBe(1)
  })
})
