// `npm run bench:transports`: what a publication costs over each transport, one transport at a time.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { WIRE_TRANSPORTS } from '@wigwag/testkit'
import { buildProgram } from '../build-program.ts'
import { describeMachine } from '../machine.ts'
import { describePinning, resolvePinning } from '../pinning.ts'
import { endAllPrograms } from '../program.ts'
import { median } from '../statistics.ts'
import { formatMarkdown, formatText, type Table } from '../table.ts'
import { measureTransport } from './measure-transport.ts'
import type { TransportFigures } from './transport-spec.ts'

const WORKSPACE = new URL('../../', import.meta.url)

const HELP = `Usage: npm run bench:transports -- [options]

What a publication of 128 bytes of JSON costs over each transport: CPU time of the server for each delivery, bytes on the
wire with heads and frames as sockets count them, and how long it is on its way. Linux only.

  --rounds N        how often each is measured; medians are printed (default 3)
  --secs N          the measured window (default 3)
  --subscribers N   how many there are (default 50)
  --rate N          only so many publications a second; may be repeated (default 1, 10 and 100)
  --transport TEXT  only those with this in their names; may be repeated
  --interval MS     between two polls that do not wait (default 1000)
  --save            keeps the tables: results/DATE-transports.md and .json
  --help            this text
`

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    secs: { type: 'string', default: '3' },
    subscribers: { type: 'string', default: '50' },
    rate: { type: 'string', multiple: true, default: ['1', '10', '100'] },
    transport: { type: 'string', multiple: true, default: [''] },
    interval: { type: 'string', default: '1000' },
    save: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

/** All figures of one transport at one rate. */
interface Row {
  readonly transport: string
  readonly rate: number
  readonly rounds: TransportFigures[]
}

async function main(): Promise<void> {
  const pinning = resolvePinning()
  const programs = {
    server: await buildProgram(new URL('./transport-server.ts', import.meta.url), WORKSPACE),
    clients: await buildProgram(new URL('./transport-clients.ts', import.meta.url), WORKSPACE),
  }
  const names = WIRE_TRANSPORTS.map(({ name }) => name)
  const transports = names.filter((name) => values.transport.some((part) => name.includes(part)))
  const rows = values.rate.flatMap((rate) =>
    transports.map((transport): Row => ({ transport, rate: Number(rate), rounds: [] })),
  )
  const [subscribers, secs] = [Number(values.subscribers), Number(values.secs)]
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const { transport, rate, rounds } of round % 2 === 0 ? rows : [...rows].reverse()) {
      process.stderr.write(`round ${round + 1}: ${transport}, ${rate} a second\n`)
      const window = { warmUp: 200, secs: Math.max(secs, 3 / rate) }
      const spec = { transport, subscribers, rate, ...window, pollIntervalMs: Number(values.interval) }
      rounds.push(await measureTransport(spec, programs, pinning))
    }
  }
  const faults = rows.flatMap(({ transport, rounds }) =>
    rounds.flatMap((each) => each.faults.map((fault) => `FAULT ${transport}: ${fault}`)),
  )
  const tables = values.rate.map((rate) =>
    tableOf(
      rows.filter((row) => row.rate === Number(rate)),
      `${rate} a second to each of ${subscribers} subscribers`,
    ),
  )
  process.stdout.write(`${[describePinning(pinning), ...tables.map(formatText), ...faults].join('\n\n')}\n`)
  if (faults.length > 0) process.exitCode = 1
  if (values.save) save(tables, rows, describePinning(pinning))
}

function tableOf(rows: readonly Row[], title: string): Table {
  const [first] = rows
  return {
    title,
    heads: ['', 'CPU µs', 'of the first', 'bytes down', 'bytes up', 'p50 ms', 'p99 ms', 'clients'],
    rows: rows.map(({ transport, rounds }) => {
      const middle = (value: (figures: TransportFigures) => number): number => median(rounds.map(value))
      const ratios = rounds.map(({ cpuUs }, i) => cpuUs / (first?.rounds[i]?.cpuUs ?? Number.NaN))
      return [
        transport,
        middle(({ cpuUs }) => cpuUs).toPrecision(3),
        `${median(ratios).toPrecision(2)} ×`,
        middle(({ receivedBytes }) => receivedBytes).toFixed(0),
        middle(({ sentBytes }) => sentBytes).toFixed(0),
        middle(({ p50Ms }) => p50Ms).toPrecision(3),
        middle(({ p99Ms }) => p99Ms).toPrecision(3),
        `${(middle(({ clientsShare }) => clientsShare) * 100).toFixed(0)} %`,
      ]
    }),
    notes: [],
  }
}

function save(tables: readonly Table[], rows: readonly Row[], pinning: string): void {
  const machine = describeMachine([])
  const date = machine.date.slice(0, 16).replace('T', '-').replace(':', '')
  const file = (extension: string): URL => new URL(`../results/${date}-transports.${extension}`, import.meta.url)
  const { machine: hardware, node } = machine
  const head = `# Transports, ${date}\n\n${hardware}, Node ${node}; ${pinning}; plain polls every ${values.interval} ms; median of ${values.rounds}.`
  writeFileSync(file('md'), `${[head, ...tables.map(formatMarkdown)].join('\n\n')}\n`)
  writeFileSync(file('json'), `${JSON.stringify({ machine, rows }, null, 1)}\n`)
}

if (values.help) process.stdout.write(HELP)
else {
  try {
    await main()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    process.exitCode = 1
  } finally {
    endAllPrograms()
  }
}
