// `npm run bench:programs`: what passes through `wigwag exec`, `term` and `bridge` beside others, and memory while a reader is slow.
import { parseArgs } from 'node:util'
import { formatText } from '../table.ts'
import { bridgeComparisons } from './bridge-comparison.ts'
import { type Comparison, compare, comparisonTable } from './comparison.ts'
import { execComparison } from './exec-comparison.ts'
import { EXEC_SUBJECTS } from './exec-subject.ts'
import { measureSlowReader, printer } from './slow-reader.ts'
import { termComparison } from './term-comparison.ts'

const HELP = `Usage: npm run bench:programs -- [options]

  --only NAME     exec, term, bridge or memory (repeatable; default: all of them)
  --rounds N      rounds, in which the servers take turns (default 5)
  --lines N       lines of a round of exec (default 1000000)
  --mebibytes N   what passes in a round of bridge, and four times what does in one of term (default 2048)
  --memory N      MiB that are printed to a slow reader (default 1024)
  --help          this text

A second is one of the server's CPU time, because clients are slower than either server. Beside them are websocketd, websockify,
ttyd and terminado, those of them that are installed (Debian: websocketd, websockify, python3-terminado). Linux only.
`

const MIB = 1024 * 1024
const KINDS = ['exec', 'term', 'bridge', 'memory'] as const
const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [...KINDS] },
    rounds: { type: 'string', default: '5' },
    lines: { type: 'string', default: '1000000' },
    mebibytes: { type: 'string', default: '2048' },
    memory: { type: 'string', default: '1024' },
    help: { type: 'boolean' },
  },
})
const unknown = values.only.find((name) => !(KINDS as readonly string[]).includes(name))
if (values.help === true) process.stdout.write(HELP)
else if (unknown !== undefined) throw new Error(`--only takes ${KINDS.join(', ')}, not ${unknown}.`)
else await run()

async function run(): Promise<void> {
  const mebibytes = Number(values.mebibytes)
  const comparisons: readonly Comparison[] = [
    ...(values.only.includes('exec') ? [execComparison(Number(values.lines))] : []),
    ...(values.only.includes('term') ? [termComparison(mebibytes / 4)] : []),
    ...(values.only.includes('bridge') ? bridgeComparisons(mebibytes) : []),
  ]
  const rounds = Number(values.rounds)
  const rows: (readonly string[])[] = []
  for (const comparison of comparisons) rows.push(...(await compare(comparison, rounds)))
  if (rows.length > 0) console.log(formatText(comparisonTable(rows, rounds)))
  if (values.only.includes('memory')) await showMemory(Number(values.memory))
}

async function showMemory(mebibytes: number): Promise<void> {
  for (const { name, start } of EXEC_SUBJECTS.filter(({ isThere }) => isThere)) {
    const { url, program } = await start(printer(mebibytes))
    const { bytes, idleBytes, mostBytes, writtenAtStandstill } = await measureSlowReader(url, program.pid)
    await program[Symbol.asyncDispose]()
    const mib = (count: number): string => (count / MIB).toFixed(1)
    console.log(
      `${name.padEnd(12)} ${mib(bytes)} MiB to a slow reader: memory grew by ${mib(mostBytes - idleBytes)} MiB; ` +
        `paused when ${mib(writtenAtStandstill)} MiB were read from the program`,
    )
  }
}
