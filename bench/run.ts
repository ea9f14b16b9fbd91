import { existsSync, writeFileSync } from 'node:fs'
import { resolveAvailability } from './availability.ts'
import { describeCell } from './cell.ts'
import { CELLS } from './cell-table.ts'
import { describeMachine } from './machine.ts'
import { chooseGenerator } from './native-generator.ts'
import { type BenchOptions, HELP, parseOptions } from './options.ts'
import { resolvePinning } from './pinning.ts'
import { endAllPrograms } from './program.ts'
import { formatFaults, formatHeader, formatResults, type Results } from './report.ts'
import { isFlawless } from './result.ts'
import { runRounds } from './rounds.ts'
import { encodeResults, saveResults } from './save-results.ts'
import { SUBJECTS } from './subject-table.ts'
import { summarize } from './summary.ts'

const FAULTS = 1
const WRONG_USAGE = 2
const INTERRUPTED = 130

async function run(options: BenchOptions): Promise<number> {
  const { subjects, cells, leftOut } = resolveAvailability(options.subjects, options.cells, tell)
  const { rounds, secs, warmUpSecs } = options
  const generator = chooseGenerator(options.generator)
  const preamble = {
    machine: describeMachine(subjects),
    pinning: resolvePinning(),
    generator: generator.about,
    rounds,
    secs,
    warmUpSecs,
    leftOut,
  }
  process.stdout.write(`${formatHeader(preamble)}\n\n`)
  const stopping = stopOnSignals()
  const { samples, endedEarly } = await runRounds(
    { ...options, ...preamble, nativeGeneratorFile: generator.file, subjects, cells },
    stopping,
    tell,
  )
  const names = subjects.map((subject) => subject.name)
  const results: Results = { ...preamble, endedEarly, cells, summaries: summarize(samples, cells, names), samples }
  process.stdout.write(`\n${formatResults(results)}\n`)
  if (endedEarly !== undefined) process.stdout.write(`\nNot all rounds were run: ${endedEarly}.\n`)
  const faults = formatFaults(samples)
  if (faults !== '') process.stdout.write(`\n${faults}\n`)
  save(results, options)
  if (stopping.aborted) return INTERRUPTED
  return samples.length > 0 && samples.every(isFlawless) ? 0 : FAULTS
}

function save(results: Results, options: BenchOptions): void {
  if (options.json !== undefined) writeFileSync(options.json, encodeResults(results))
  if (!options.save) return
  for (const file of saveResults(results)) process.stdout.write(`\nsaved ${file}`)
  process.stdout.write('\n')
}

/** The first signal ends what runs, and then the run; a second one ends this process as usual. */
function stopOnSignals(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      controller.abort()
      endAllPrograms()
    })
  }
  return controller.signal
}

function listAll(): string {
  const width = Math.max(...CELLS.map(({ name }) => name.length))
  return [
    'Cells:',
    ...CELLS.map((cell) => `  ${cell.name.padEnd(width)}  ${describeCell(cell)}`),
    'Subjects:',
    ...SUBJECTS.map((subject) => `  ${subject.name.padEnd(width)}  ${subject.about}`),
    '',
  ].join('\n')
}

function tell(text: string): void {
  process.stderr.write(text)
}

async function main(): Promise<number> {
  let options: BenchOptions | 'help' | 'list'
  try {
    options = parseOptions(process.argv.slice(2))
  } catch (error) {
    tell(`${error instanceof Error ? error.message : error}\n\n${HELP}`)
    return WRONG_USAGE
  }
  if (options === 'help' || options === 'list') {
    process.stdout.write(options === 'help' ? HELP : listAll())
    return 0
  }
  if (!existsSync('/proc/self/schedstat')) {
    tell('The benchmark reads CPU times from /proc/PID/task/*/schedstat: it needs Linux.\n')
    return WRONG_USAGE
  }
  try {
    return await run(options)
  } catch (error) {
    tell(`${error instanceof Error ? error.message : error}\n`)
    return FAULTS
  }
}

process.exitCode = await main()
