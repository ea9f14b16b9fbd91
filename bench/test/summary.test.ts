import { expect, test } from 'vitest'
import type { MessageCell } from '../cell.ts'
import type { LoadFaults, LoadReport, ProcessUse } from '../generator/load-spec.ts'
import type { Sample } from '../result.ts'
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

function echoed(round: number, subject: string, processes: readonly ProcessUse[], faults = NO_FAULTS): Sample {
  const figures = { secs: 1, messages: 1, generatorCpuUs: 0, p50Us: 0, p99Us: 0 }
  return {
    round,
    cell: 'echo',
    subject,
    outcome: { kind: 'measured', report: { kind: 'traffic', ...figures, processes, faults } },
  }
}

function server(cpuUs: number): ProcessUse {
  return { name: 'server', role: 'server', cpuUs, userShare: 0.5 }
}
