import { parseArgs } from 'node:util'
import { buildProgram } from '../build-program.ts'
import { describePinning, resolvePinning } from '../pinning.ts'
import { formatText } from '../table.ts'
import { type RestartFigures, restartNode } from './restart-node.ts'
import { RESTART_WAYS, type RestartWay } from './restart-way.ts'

const HELP = `Usage: npm run bench:restart -- [--sessions N] [--way NAME]

How long sessions are away whose node goes, and how long it takes until all have come back to another one and have recovered.
Needs redis-server and Linux.

  --sessions N   how many (default 5000)
  --way NAME     only this one: ${RESTART_WAYS.map(({ name }) => `"${name}"`).join(', ')}
  --help         this text
`

function row({ name }: RestartWay, figures: RestartFigures): string[] {
  const { totalMs, outagesMs, refused, cpuMs, clientsCpuMs } = figures
  const quantile = (share: number): number => outagesMs[Math.floor(share * (outagesMs.length - 1))] ?? Number.NaN
  const outages = [quantile(0.5), quantile(0.99), quantile(1)].map((ms) => ms.toFixed(0))
  return [name, totalMs.toFixed(0), ...outages, String(refused), cpuMs.toFixed(0), clientsCpuMs.toFixed(0)]
}

const { values } = parseArgs({
  options: { sessions: { type: 'string' }, way: { type: 'string' }, help: { type: 'boolean' } },
})
const count = Number(values.sessions ?? 5000)
const ways = RESTART_WAYS.filter(({ name }) => values.way === undefined || name === values.way)
if (values.help || !Number.isInteger(count) || count < 1 || ways.length === 0) {
  process.stdout.write(HELP)
  process.exit(values.help ? 0 : 2)
}
const pinning = resolvePinning()
const nodeFile = await buildProgram(new URL('./node.ts', import.meta.url), new URL('../../', import.meta.url))
const rows: string[][] = []
for (const way of ways) {
  process.stderr.write(`${way.name}: ${way.about}\n`)
  const figures = await restartNode(way, count, nodeFile, pinning)
  rows.push(row(way, figures))
  for (const fault of figures.faults) process.stdout.write(`FAULT ${way.name}: ${fault}\n`)
  if (figures.faults.length > 0) process.exitCode = 1
}
process.stdout.write(
  `${formatText({
    title: `${count} sessions whose node goes; ${describePinning(pinning)}`,
    heads: ['', 'all back ms', 'away p50', 'p99', 'most', '503s', 'node CPU ms', 'clients CPU ms'],
    rows,
    notes: ways.map(({ name, about }) => `${name}: ${about}`),
  })}\n`,
)
