// `npm run bench:micro`: single operations of the hot paths, each beside other ways of doing it.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { describeMachine } from '../machine.ts'
import { pickByName } from '../name-pattern.ts'
import { installPeers } from '../peers.ts'
import { pinnedCommand, resolvePinning } from '../pinning.ts'
import { formatText } from '../table.ts'
import { createCases } from './case-table.ts'
import { type MicroFigure, measureCase } from './measure-case.ts'
import type { MicroCase } from './micro-case.ts'
import { loadPeerModules } from './peer-modules.ts'

const NORMAL = { rounds: 9, sampleMs: 10 } as const

const HELP = `Usage: npm run bench:micro -- [options]

  --case PATTERN  only these: a name, the beginning of names, or with * and ?; may be repeated
  --rounds N      rounds; each runs every contender once, in alternating order (default ${NORMAL.rounds})
  --sample-ms MS  CPU time of one contender in a round (default ${NORMAL.sampleMs})
  --json FILE     write every figure to FILE
  --list          name the cases
  --help          this text

It runs what is built: npm run build. Every result is checked first; exit code 1 when one is wrong.
`

/** A case and what came out. */
interface MicroResult {
  readonly name: string
  readonly about: string
  readonly figures: readonly MicroFigure[]
}

function main(): number {
  const { values } = parseArgs({
    options: {
      case: { type: 'string', multiple: true },
      rounds: { type: 'string', default: String(NORMAL.rounds) },
      'sample-ms': { type: 'string', default: String(NORMAL.sampleMs) },
      json: { type: 'string' },
      list: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const [rounds, sampleMs] = [Number(values.rounds), Number(values['sample-ms'])]
  if (!(rounds >= 1 && Number.isInteger(rounds) && sampleMs > 0))
    throw new Error('--rounds and --sample-ms take numbers above 0')
  const fault = installPeers((text) => process.stderr.write(text))
  if (fault !== undefined) throw new Error(fault)
  const cases = pickByName('case', createCases(loadPeerModules()), values.case)
  if (values.list) {
    const width = Math.max(...cases.map(({ name }) => name.length))
    for (const { name, about } of cases) process.stdout.write(`${name.padEnd(width)}  ${about}\n`)
    return 0
  }
  const machine = describeMachine([])
  process.stdout.write(
    `${machine.date}  ${machine.machine}, ${machine.cores} cores, Node ${machine.node}, ${rounds} rounds\n`,
  )
  const results: MicroResult[] = []
  for (const one of cases) {
    const figures = runInProcess(one.name, rounds, sampleMs)
    results.push({ name: one.name, about: one.about, figures })
    process.stdout.write(`\n${formatText(table(one, figures))}\n`)
  }
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ machine, rounds, sampleMs, results }, null, 2)}\n`)
  }
  return 0
}

/** A process for each case: what the engine has learnt from one does not count in the next. */
function runInProcess(name: string, rounds: number, sampleMs: number): MicroFigure[] {
  const pinning = resolvePinning()
  const core = pinning.mode === 'pinned' ? pinning.serverCore : undefined
  const args = [...process.execArgv, fileURLToPath(import.meta.url), '--one', name, String(rounds), String(sampleMs)]
  const [command, commandArgs] = pinnedCommand(core, process.execPath, args)
  const { status, stdout } = spawnSync(command, commandArgs, { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' })
  if (status !== 0) throw new Error(`${name} failed`)
  return JSON.parse(stdout) as MicroFigure[]
}

async function runOne([name, rounds, sampleMs]: readonly string[]): Promise<void> {
  const one = createCases(loadPeerModules()).find((candidate) => candidate.name === name)
  if (one === undefined) throw new Error(`no case ${name}`)
  process.stdout.write(JSON.stringify(await measureCase(one, Number(rounds), Number(sampleMs))))
}

function table({ name, about }: MicroCase, figures: readonly MicroFigure[]) {
  return {
    title: `${name}: ${about}`,
    heads: ['', 'ns', 'min–max', 'times ours'],
    rows: figures.map(({ contender, ns, minNs, maxNs, ratio }) => [
      contender,
      formatNs(ns),
      `${formatNs(minNs)}–${formatNs(maxNs)}`,
      ratio.toFixed(2),
    ]),
    notes: [],
  }
}

function formatNs(ns: number): string {
  return ns >= 100 ? ns.toFixed(0) : ns.toPrecision(3)
}

try {
  if (process.argv[2] === '--one') await runOne(process.argv.slice(3))
  else process.exitCode = main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
