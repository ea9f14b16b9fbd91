// `npm run bench:programs`: lines per second through `wigwag exec` beside websocketd, and memory while a reader is slow.
import { parseArgs } from 'node:util'
import { EXEC_SUBJECTS } from './exec-subject.ts'
import { cpuSeconds } from './process-figures.ts'
import { readAll } from './read-all.ts'
import { measureSlowReader, printer } from './slow-reader.ts'

const HELP = `Usage: npm run bench:programs -- [options]

  --lines N       lines of a round (default 1000000)
  --rounds N      rounds, in which the servers take turns (default 5)
  --mebibytes N   how much is printed to a slow reader (default 1024)
  --help          this text

Lines come from \`seq\`; a second is one of the server's CPU time, because the reader is slower than either server.
websocketd is left out unless it is installed (apt-get install websocketd).
`

const MIB = 1024 * 1024
const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
    mebibytes: { type: 'string', default: '1024' },
    help: { type: 'boolean' },
  },
})
if (values.help === true) process.stdout.write(HELP)
else await run(Number(values.lines), Number(values.rounds), Number(values.mebibytes))

async function run(lines: number, rounds: number, mebibytes: number): Promise<void> {
  const subjects = EXEC_SUBJECTS.filter(({ isThere }) => isThere)
  const perSecond = new Map<string, number[]>(subjects.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const { name, start } of subjects) {
      const { url, program } = await start(['seq', String(lines)])
      const before = cpuSeconds(program.pid)
      const { messages, closeCode } = await readAll(url)
      if (messages !== lines) throw new Error(`${name}: ${messages} of ${lines} lines came, close ${closeCode}.`)
      perSecond.get(name)?.push(lines / (cpuSeconds(program.pid) - before))
      await program[Symbol.asyncDispose]()
    }
  }
  for (const [name, figures] of perSecond) {
    const median = figures.sort((a, b) => a - b)[figures.length >> 1] ?? Number.NaN
    console.log(`${name.padEnd(12)} ${Math.round(median / 1000)} thousand lines per second of its CPU time`)
  }
  for (const { name, start } of subjects) {
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
