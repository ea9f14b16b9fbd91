import type { LoadReport, MemoryReport, TrafficReport } from './generator/load-spec.ts'

/** How one run ended. */
export type Outcome =
  | { readonly kind: 'measured'; readonly report: LoadReport }
  | { readonly kind: 'failed'; readonly message: string }

/** One run and where it belongs. */
export interface Sample {
  readonly round: number
  readonly cell: string
  readonly subject: string
  readonly outcome: Outcome
}

/** Whether a run was measured, and every reply was right and came, on connections that stayed. */
export function isFlawless({ outcome }: Sample): boolean {
  if (outcome.kind === 'failed') return false
  const { faults } = outcome.report
  const measured = outcome.report.kind === 'memory' || outcome.report.messages > 0
  return measured && faults.wrong === 0 && faults.lost === 0 && faults.missing === 0
}

/** CPU time of the subject's own processes per message that arrived. */
export function cpuUsPerMessage(report: TrafficReport): number {
  return serverCpuUs(report) / report.messages
}

/** The part of it that is user time: JavaScript, V8, libuv. */
export function userUsPerMessage(report: TrafficReport): number {
  return sum(servers(report).map(({ cpuUs, userShare }) => cpuUs * userShare)) / report.messages
}

/** CPU time of the subject's own processes. */
export function serverCpuUs(report: TrafficReport): number {
  return sum(servers(report).map(({ cpuUs }) => cpuUs))
}

/** Memory that each idle connection added. */
export function idleBytes(report: MemoryReport): number {
  return (report.rssIdle - report.rssBefore) / report.connections
}

/** Memory that each connection had added after one echo. */
export function echoedBytes(report: MemoryReport): number {
  return (report.rssEchoed - report.rssBefore) / report.connections
}

function servers(report: TrafficReport): TrafficReport['processes'] {
  return report.processes.filter(({ role }) => role === 'server')
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
