import type { TrafficSummary } from './summary.ts'

// Above this share of its core the generator may be what limits messages/s and latency; CPU per message still holds.
const BUSY = 0.9

/** Whether the generator was near its own limit. */
export function isGeneratorBusy({ generatorShare }: TrafficSummary): boolean {
  return generatorShare > BUSY
}

/** A warning that names every run of which that is true; nothing when there are none. */
export function warnOfBusyGenerator(summaries: readonly TrafficSummary[]): string[] {
  const busy = summaries.filter(isGeneratorBusy)
  if (busy.length === 0) return []
  const cells = [...new Set(busy.map(({ cell }) => cell))].map((cell) => {
    const subjects = busy.filter((summary) => summary.cell === cell).map(({ subject }) => subject)
    return `${cell} (${subjects.join(', ')})`
  })
  return [
    `WARNING: the generator was above ${BUSY * 100} % of its core in ${cells.join(', ')}. There rate and latency are its limit, not the server's; CPU time holds.`,
  ]
}
