import { existsSync, writeFileSync } from 'node:fs'
import { describeMachine } from './machine.ts'
import { measure } from './measure.ts'
import { type BenchOptions, HELP, parseOptions } from './options.ts'
import { resolvePinning } from './pinning.ts'
import { buildProgram } from './program.ts'
import { formatFaults, formatHeader, formatTable } from './report.ts'
import { cpuUsPerMessage, isFlawless, type Sample, summarize } from './result.ts'

const GENERATOR = new URL('./load-generator.ts', import.meta.url)

async function run(options: BenchOptions): Promise<number> {
  const machine = describeMachine(options.subjects)
  const pinning = resolvePinning()
  const header = formatHeader(machine, pinning, options)
  process.stdout.write(`${header}\n\n`)
  const samples = await runRounds(options, pinning)
  const summaries = summarize(
    samples,
    options.cells,
    options.subjects.map((subject) => subject.name),
  )
  process.stdout.write(`${formatTable(summaries, options.cells)}\n`)
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ ...machine, pinning, summaries, samples }, null, 2)}\n`)
  }
  const faults = formatFaults(samples)
  if (faults !== '') process.stdout.write(`\n${faults}\n`)
  return samples.every((sample) => isFlawless(sample.report)) ? 0 : 1
}

/** Within a round the subjects of a cell run right after each other, in alternating order from round to round. */
async function runRounds(options: BenchOptions, pinning: ReturnType<typeof resolvePinning>): Promise<Sample[]> {
  const generatorFile = await buildProgram(GENERATOR)
  const servers = await Promise.all(
    options.subjects.map(async (subject) => ({ subject, file: await buildProgram(subject.source) })),
  )
  const samples: Sample[] = []
  for (let round = 1; round <= options.rounds; round++) {
    for (const cell of options.cells) {
      const able = servers.filter(({ subject }) => subject.workloads.includes(cell.workload))
      for (const { subject, file } of round % 2 === 1 ? able : able.reverse()) {
        const { warmUpSecs, secs } = options
        const request = { cell, subjectName: subject.name, serverFile: file, generatorFile, pinning, warmUpSecs, secs }
        const report = await measure(request)
        samples.push({ round, cell: cell.name, subject: subject.name, report })
        const figure = isFlawless(report) ? `${cpuUsPerMessage(report).toFixed(2)} CPU µs per message` : 'FAULT'
        process.stderr.write(`round ${round}/${options.rounds}  ${cell.name}  ${subject.name}  ${figure}\n`)
      }
    }
  }
  return samples
}

async function main(): Promise<number> {
  let options: BenchOptions | 'help'
  try {
    options = parseOptions(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${HELP}`)
    return 2
  }
  if (options === 'help') {
    process.stdout.write(HELP)
    return 0
  }
  if (!existsSync('/proc/self/schedstat')) {
    process.stderr.write('The benchmark reads CPU times from /proc/PID/task/*/schedstat: it needs Linux.\n')
    return 2
  }
  try {
    return await run(options)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    return 1
  }
}

process.exitCode = await main()
