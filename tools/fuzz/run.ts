// Fuzzes the parsers of what peers send: npm run fuzz -- [--target NAME] [--inputs N | --seconds N] [--seed S] [--keep]
// [--missed] [--replay FILE] [--root FOLDER]. Prints what was run; exits with 1 when something was found. docs/fuzzing.md.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { distil } from './distil.ts'
import type { FuzzTarget } from './fuzz-target.ts'
import { Fuzzer } from './fuzzer.ts'
import { type LoadedTarget, loadTarget } from './load-target.ts'
import { minimise } from './minimise.ts'
import { findTargets, readCorpus, type TargetFile, writeInput } from './targets.ts'

const OPTIONS = {
  target: { type: 'string', multiple: true },
  inputs: { type: 'string' },
  seconds: { type: 'string' },
  seed: { type: 'string' },
  keep: { type: 'boolean', default: false },
  replay: { type: 'string' },
  missed: { type: 'boolean', default: false },
  root: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

const USAGE = `Usage: npm run fuzz -- [options]

  --target NAME    fuzz this one only; may be repeated. Default: all of them
  --seconds N      how long for each target. Default 10
  --inputs N       how many inputs for each, instead
  --seed S         the same seed makes the same inputs
  --keep           add to the corpus what passes new blocks
  --missed         list what no input passes
  --replay FILE    run one input on the code as it is (with --target)
  --root FOLDER    where the targets are. Default: this repository
  --help           this

Exits with 1 when something was found, with 2 for a wrong option. docs/fuzzing.md tells more.`

const values = readOptions()
if (values.help) {
  console.log(USAGE)
  process.exit()
}

function readOptions() {
  try {
    return parseArgs({ options: OPTIONS }).values
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`)
    process.exit(2)
  }
}

const all = findTargets(values.root)
const targets = all.filter(({ name }) => values.target?.includes(name) ?? true)
if (targets.length === 0 || values.target?.some((name) => !all.some((each) => each.name === name))) {
  throw new Error(`There is no such target. There are: ${all.map(({ name }) => name).join(', ')}.`)
}
const seed = values.seed === undefined ? Date.now() % 1_000_000 : number('seed', values.seed)
const inputs = values.inputs === undefined ? Infinity : number('inputs', values.inputs)
const seconds =
  values.seconds === undefined ? (values.inputs === undefined ? 10 : Infinity) : number('seconds', values.seconds)

if (values.replay !== undefined) await replay(values.replay)
else await fuzzAll()

/** Runs one input on the code as it is, so that the stack of what it throws can be read. */
async function replay(file: string): Promise<void> {
  const [target] = targets
  if (targets.length !== 1 || target === undefined)
    throw new Error('Name the target that the input is for: --target NAME.')
  const { fuzz } = (await import(pathToFileURL(target.file).href)) as FuzzTarget
  fuzz(new Uint8Array(readFileSync(file)))
  console.log(`${target.name}: nothing is wrong with ${file}`)
}

async function fuzzAll(): Promise<void> {
  console.log(`seed ${seed}, each target for ${inputs === Infinity ? `${seconds} s` : `${inputs} inputs`}`)
  const total = { inputs: 0, ms: 0, findings: 0 }
  for (const target of targets) {
    const { fuzzer, ms } = await fuzzTarget(target)
    total.inputs += fuzzer.inputs
    total.ms += ms
    if (fuzzer.finding !== undefined) total.findings++
  }
  const rate = Math.round((total.inputs / total.ms) * 1000)
  console.log(`all: ${total.inputs} inputs in ${Math.round(total.ms / 1000)} s (${rate}/s), ${total.findings} findings`)
  process.exitCode = total.findings === 0 ? 0 : 1
}

async function fuzzTarget(target: TargetFile): Promise<{ fuzzer: Fuzzer; ms: number }> {
  const loaded = await loadTarget(target.file)
  const fuzzer = new Fuzzer(loaded, seed)
  const startMs = performance.now()
  const seeds = Object.values(loaded.target.seeds).map((input) => Buffer.from(input as string))
  for (const input of [...seeds, ...readCorpus(target.corpus).values()])
    if (fuzzer.finding === undefined) fuzzer.add(input)
  for (let toldMs = startMs; fuzzer.finding === undefined && fuzzer.inputs < inputs; ) {
    fuzzer.run(Math.min(4096, inputs - fuzzer.inputs))
    const nowMs = performance.now()
    if (nowMs - startMs >= seconds * 1000) break
    if (nowMs - toldMs < 10_000) continue
    toldMs = nowMs
    console.log(`  ${describe(target, loaded, fuzzer, nowMs - startMs)}`)
  }
  const ms = performance.now() - startMs
  console.log(describe(target, loaded, fuzzer, ms))
  if (fuzzer.finding !== undefined) tell(target, loaded, fuzzer.finding.input)
  else if (values.keep) keep(target, loaded, fuzzer)
  if (values.missed) tellMissed(loaded, fuzzer)
  return { fuzzer, ms }
}

function describe({ name }: TargetFile, { blocksPresent }: LoadedTarget, fuzzer: Fuzzer, ms: number): string {
  const rate = Math.round((fuzzer.inputs / ms) * 1000)
  return `${name}: ${fuzzer.inputs} inputs (${rate}/s), ${fuzzer.blocksPassed} of ${blocksPresent.size} blocks, ${fuzzer.population.length} kept`
}

/** Writes the shortest input that goes wrong in the same way, with the command to see it. */
function tell(target: TargetFile, { target: { fuzz } }: LoadedTarget, input: Uint8Array): void {
  const messageOf = (candidate: Uint8Array): string | undefined => {
    try {
      fuzz(candidate.slice())
      return undefined
    } catch (error) {
      return String(error).replace(/\d+/g, '0')
    }
  }
  const message = messageOf(input)
  // What hangs, or does not repeat, stays as it is.
  const shortest = message === undefined ? input : minimise(input, (candidate) => messageOf(candidate) === message)
  const path = writeInput(join(target.corpus, 'crashes'), digest(shortest), shortest)
  console.log(`FOUND in ${target.name}: ${messageOf(shortest) ?? 'it hung, or threw once and not again'}`)
  console.log(
    `  see it: npm run fuzz -- --target ${target.name}${values.root === undefined ? '' : ` --root ${values.root}`} --replay ${path}`,
  )
}

/** Adds to the corpus what passes blocks that neither the seeds nor the corpus do. */
function keep(target: TargetFile, loaded: LoadedTarget, { population }: Fuzzer): void {
  const known = [
    ...Object.values(loaded.target.seeds).map((input) => Buffer.from(input as string)),
    ...readCorpus(target.corpus).values(),
  ]
  for (const { input, block } of distil(loaded, known, population)) {
    console.log(`  kept ${writeInput(target.corpus, `${block}.${digest(input)}`, input)}, ${input.length} bytes`)
  }
}

function tellMissed({ blocks, blocksPresent }: LoadedTarget, fuzzer: Fuzzer): void {
  const missed = new Map<string, number>()
  for (const block of fuzzer.missed) {
    const { file, name } = blocks[block] as { file: string; name: string }
    missed.set(`${file} ${name}`, (missed.get(`${file} ${name}`) ?? 0) + 1)
  }
  console.log(`  not passed, of ${blocksPresent.size} blocks:`)
  for (const [place, count] of missed) console.log(`  ${place} ${count}`)
}

function digest(input: Uint8Array): string {
  return createHash('sha256').update(input).digest('hex').slice(0, 8)
}

function number(option: string, text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text)
  throw new Error(`--${option} takes a whole number, not ${text}.`)
}
