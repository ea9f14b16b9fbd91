import { expect, test } from 'vitest'
import type { MessageCell } from '../cell.ts'
import type { LoadFaults, LoadReport, ProcessUse, TrafficReport } from '../generator/load-spec.ts'
import { halfLoadTable } from '../half-load-table.ts'
import { latencyTable } from '../latency-table.ts'
import type { Sample } from '../result.ts'
import { overviewTable } from '../result-tables.ts'
import { summarize } from '../summary.ts'

const NO_FAULTS: LoadFaults = { wrong: 0, lost: 0, missing: 0, notes: [] }
const ECHO: MessageCell = { name: 'echo', workload: 'echo', connections: 1, depth: 1, payloadBytes: 16, format: 'text' }

test('ratios are taken within a round; their median, least and most are told', () => {
  const samples = [
    ...[10, 20, 40].map((cpuUs, i) => echoed(i + 1, 'ws', [server(cpuUs)])),
    ...[10, 10, 10].map((cpuUs, i) => echoed(i + 1, 'wigwag', [server(cpuUs)])),
  ]
  expect(summarize(samples, [ECHO], ['ws', 'wigwag'])).toMatchObject([
    { subject: 'ws', rounds: 3, cpuUsPerMessage: 20, ratio: { median: 1, min: 1, max: 1 } },
    { subject: 'wigwag', rounds: 3, cpuUsPerMessage: 10, ratio: { median: 2, min: 1, max: 4 } },
  ])
})

test('a run with faults, and one that failed, count for nothing', () => {
  const samples: Sample[] = [
    echoed(1, 'ws', [server(10)]),
    echoed(1, 'wigwag', [server(5)]),
    echoed(2, 'ws', [server(10)]),
    echoed(2, 'wigwag', [server(1)], { ...NO_FAULTS, wrong: 1 }),
    { round: 3, cell: 'echo', subject: 'ws', outcome: { kind: 'failed', message: 'it ended by itself' } },
    echoed(3, 'wigwag', [server(5)]),
  ]
  expect(summarize(samples, [ECHO], ['ws', 'wigwag'])).toMatchObject([
    { subject: 'ws', rounds: 2 },
    { subject: 'wigwag', rounds: 2, cpuUsPerMessage: 5, ratio: { median: 2, min: 2, max: 2 } },
  ])
})

test('the processes of a subject are summed up; a service is told apart', () => {
  const cell: MessageCell = { ...ECHO, workload: 'cluster' }
  const service: ProcessUse = { name: 'redis-server', role: 'service', cpuUs: 100, userShare: 1 }
  const [summary] = summarize([echoed(1, 'ws-redis', [server(10), server(30), service])], [cell], ['ws-redis'])
  expect(summary).toMatchObject({
    cpuUsPerMessage: 40,
    userUsPerMessage: 20,
    ratio: { median: 1 },
    processes: [{ cpuUsPerMessage: 10 }, { cpuUsPerMessage: 30 }, { name: 'redis-server', cpuUsPerMessage: 100 }],
  })
})

test('memory is what the connections added, shared out among them', () => {
  const cell: MessageCell = { ...ECHO, workload: 'memory', connections: 10 }
  const report: LoadReport = {
    kind: 'memory',
    connections: 10,
    rssBefore: 1000,
    rssIdle: 1500,
    rssEchoed: 2000,
    faults: NO_FAULTS,
  }
  const samples: Sample[] = [{ round: 1, cell: 'echo', subject: 'ws', outcome: { kind: 'measured', report } }]
  expect(summarize(samples, [cell], ['ws'])).toMatchObject([{ kind: 'memory', idleBytes: 50, echoedBytes: 100 }])
})

test('latency is compared where one message is in flight: by p50, and by p99 where that is about the same', () => {
  const figures = { ws: [100, 1000], wigwag: [105, 700], hub: [111, 100], bun: [90, 5000], net: [95, 1300] } as const
  const samples = Object.entries(figures).map(([subject, [p50Us, p99Us]]) =>
    echoed(1, subject, [server(1)], NO_FAULTS, { p50Us, p99Us }),
  )
  const summaries = summarize(samples, [ECHO], Object.keys(figures))
  expect(latencyTable(summaries, [ECHO])?.rows).toEqual([
    ['echo', '0.10 / 1.00', '0.10 / 0.70 better', '0.11 / 0.10 worse', '0.09 / 5.00 better', '0.10 / 1.30 worse'],
  ])
  expect(latencyTable(summaries, [{ ...ECHO, depth: 32 }])).toBeUndefined()
})

test('latency at half load is told by cell and subject, as medians; nothing where none was measured', () => {
  const halfLoad = (p50Us: number) => ({ publicationsPerSec: 100, p50Us, p99Us: 2 * p50Us, p999Us: 3 * p50Us })
  const cell: MessageCell = { ...ECHO, workload: 'sessions' }
  const samples = [1000, 3000, 2000].map((p50Us, i) =>
    echoed(i + 1, 'hub-sessions', [server(1)], NO_FAULTS, { halfLoad: halfLoad(p50Us) }),
  )
  const summaries = summarize(samples, [cell], ['hub-sessions'])
  expect(halfLoadTable(summaries, [cell])?.rows).toEqual([['echo', 'hub-sessions', '100', '2.00', '4.00', '6.00']])
  expect(halfLoadTable(summarize([echoed(1, 'ws', [server(1)])], [ECHO], ['ws']), [ECHO])).toBeUndefined()
})

test('where the generator was near its limit the summary warns', () => {
  const summarizeShare = (generatorCpuUs: number) => {
    const samples = [echoed(1, 'ws', [server(10)], NO_FAULTS, { generatorCpuUs })]
    return overviewTable(summarize(samples, [ECHO], ['ws']), [ECHO]).notes
  }
  expect(summarizeShare(890_000)).toEqual([])
  expect(summarizeShare(910_000)).toEqual([expect.stringContaining('above 90 % of its core in echo (ws)')])
})

function echoed(
  round: number,
  subject: string,
  processes: readonly ProcessUse[],
  faults = NO_FAULTS,
  more: Partial<TrafficReport> = {},
): Sample {
  const figures = { secs: 1, messages: 1, generatorCpuUs: 0, p50Us: 0, p99Us: 0, ...more }
  return {
    round,
    cell: 'echo',
    subject,
    outcome: { kind: 'measured', report: { kind: 'traffic', generator: 'node', ...figures, processes, faults } },
  }
}

function server(cpuUs: number): ProcessUse {
  return { name: 'server', role: 'server', cpuUs, userShare: 0.5 }
}
