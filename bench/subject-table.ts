import type { Workload } from './cell-table.ts'

/** One server under test. */
export interface Subject {
  readonly name: string
  /** npm package whose version is printed. */
  readonly packageName: string
  /** The server's source: it listens on a free port and calls `announce`. */
  readonly source: URL
  readonly workloads: readonly Workload[]
}

/** The subject that the ratios are relative to. */
export const BASELINE = 'ws'

/** Every server under test. */
export const SUBJECTS: readonly Subject[] = [
  {
    name: BASELINE,
    packageName: 'ws',
    source: new URL('./subjects/ws.ts', import.meta.url),
    workloads: ['echo', 'fan-out'],
  },
  {
    name: 'wigwag',
    packageName: '@wigwag/socket',
    source: new URL('./subjects/wigwag.ts', import.meta.url),
    workloads: ['echo', 'fan-out'],
  },
  {
    name: 'hub',
    packageName: '@wigwag/hub',
    source: new URL('./subjects/hub.ts', import.meta.url),
    workloads: ['fan-out'],
  },
]
