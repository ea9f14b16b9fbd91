// `npm run bench:processes`: one server against several processes that share its port, in each way that Node has.
import { parseArgs } from 'node:util'
import { nodeBinary, OTHER_NODES } from '../../tools/node-binary.mjs'
import { buildProgram } from '../build-program.ts'
import type { Cell } from '../cell.ts'
import { CELLS } from '../cell-table.ts'
import type { LoadSpec, TrafficReport, WatchedProcess } from '../generator/load-spec.ts'
import { pickByName } from '../name-pattern.ts'
import { endAllPrograms, Program } from '../program.ts'
import { cpuUsPerMessage, serverCpuUs } from '../result.ts'
import { median } from '../statistics.ts'
import { formatText } from '../table.ts'

const WORKSPACE = new URL('../../', import.meta.url)
const START_TIMEOUT_MS = 10_000
const NODE_24 = OTHER_NODES.at(-1) ?? process.versions.node

/** How processes share a port. */
interface Sharing {
  readonly name: string
  readonly mode: 'single' | 'none' | 'round-robin' | 'reuse-port'
  readonly processes: number
  readonly node: string
}

const SHARINGS: readonly Sharing[] = [
  { name: 'one process', mode: 'single', processes: 1, node: process.versions.node },
  { name: 'cluster, SCHED_NONE', mode: 'none', processes: 2, node: process.versions.node },
  { name: 'cluster, SCHED_RR', mode: 'round-robin', processes: 2, node: process.versions.node },
  { name: 'one process', mode: 'single', processes: 1, node: NODE_24 },
  { name: 'cluster, SCHED_NONE', mode: 'none', processes: 2, node: NODE_24 },
  { name: 'reusePort', mode: 'reuse-port', processes: 2, node: NODE_24 },
]

const { values } = parseArgs({
  options: {
    cell: { type: 'string', multiple: true, default: ['echo-125B-c64-d32', 'echo-125B-c64-d1', 'handshake-16'] },
    rounds: { type: 'string', default: '3' },
    secs: { type: 'string', default: '1' },
  },
})

async function main(): Promise<void> {
  const serverFile = await buildProgram(new URL('./serve.ts', import.meta.url), WORKSPACE)
  const generatorFile = await buildProgram(new URL('../load-generator.ts', import.meta.url), WORKSPACE)
  for (const cell of pickByName('cell', CELLS, values.cell)) {
    const reports = new Map<Sharing, TrafficReport[]>(SHARINGS.map((sharing) => [sharing, []]))
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const sharing of SHARINGS)
        reports.get(sharing)?.push(await measure(sharing, cell, serverFile, generatorFile))
    }
    process.stdout.write(`${formatText(table(cell, reports))}\n\n`)
  }
}

async function measure(
  sharing: Sharing,
  cell: Cell,
  serverFile: string,
  generatorFile: string,
): Promise<TrafficReport> {
  const { name, mode, processes, node } = sharing
  const args = [serverFile, mode, String(processes)]
  const server = new Program({ name, command: nodeBinary(node), args, core: undefined })
  try {
    const line = await server.line(/^\{/, START_TIMEOUT_MS)
    const { port, pids } = JSON.parse(line) as { readonly port: number; readonly pids: readonly number[] }
    const watched = pids.map((pid, i): WatchedProcess => ({ name: `worker ${i + 1}`, role: 'server', pid }))
    // With the cluster's own scheduling the primary accepts; without, it costs nothing.
    if (mode === 'round-robin') watched.push({ name: 'primary', role: 'server', pid: server.pid })
    const times = { settleSecs: 0.3, warmUpSecs: 0.5, secs: Number(values.secs), drainSecs: 5 }
    const spec: LoadSpec = {
      cell,
      protocol: 'websocket',
      connectPort: port,
      publishPort: port,
      processes: watched,
      ...times,
    }
    const command = process.execPath
    const generator = new Program({
      name: 'generator',
      command,
      args: [generatorFile, JSON.stringify(spec)],
      core: undefined,
    })
    const report = JSON.parse(await generator.line(/^\{/, 60_000)) as TrafficReport
    await generator.end()
    const { notes, missing } = report.faults
    if (notes.length > 0 || missing > 0) throw new Error(`${name}: ${notes.join('; ')}, ${missing} missing`)
    return report
  } finally {
    await server.end()
  }
}

function table(cell: Cell, reports: ReadonlyMap<Sharing, readonly TrafficReport[]>) {
  const rows = [...reports].map(([{ name, processes, node }, runs]) => {
    const middle = (value: (report: TrafficReport) => number) => median(runs.map(value))
    return [
      `${name}, Node ${node}`,
      String(processes),
      middle(({ messages, secs }) => messages / secs).toFixed(0),
      middle(cpuUsPerMessage).toPrecision(3),
      middle((report) => serverCpuUs(report) / report.secs / 1e6).toFixed(2),
      middle(busiestShare).toFixed(2),
      middle(({ generatorCpuUs, secs }) => generatorCpuUs / secs / 1e6).toFixed(2),
    ]
  })
  const heads = ['', 'processes', 'messages/s', 'CPU µs', 'server cores', 'busiest share', 'generator cores']
  return { title: cell.name, heads, rows, notes: [] }
}

/** What part of the servers' work the busiest process did: 0.5 of two is even. */
function busiestShare(report: TrafficReport): number {
  return Math.max(...report.processes.map(({ cpuUs }) => cpuUs)) / serverCpuUs(report)
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
} finally {
  endAllPrograms()
}
