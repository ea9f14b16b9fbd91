import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Cell, connectionsOf } from './cell.ts'
import { findBun, installPeers } from './peers.ts'
import { findRedis } from './redis-service.ts'
import { runsIn, type Subject } from './subject-table.ts'

// Beside a cell's connections: libraries, pipes, the event loop.
const SPARE_FILES = 200

/** What of a run's plan this machine can do, and why not the rest. */
export interface Availability {
  readonly subjects: readonly Subject[]
  readonly cells: readonly Cell[]
  /** A line for each subject or cell that is left out. */
  readonly leftOut: readonly string[]
}

/** Installs what is missing and can be; leaves out what cannot. Throws when the workspace itself is not built. */
export function resolveAvailability(
  subjects: readonly Subject[],
  cells: readonly Cell[],
  tell: (text: string) => void,
): Availability {
  const wanted = subjects.filter((subject) => cells.some((cell) => runsIn(subject, cell)))
  const peersFault = wanted.some(({ home }) => home === 'peers') ? installPeers(tell) : undefined
  const redis = findRedis()
  const files = maxOpenFiles()
  const subjectFaults = new Map(wanted.map((subject) => [subject, checkSubject(subject, peersFault, redis)]))
  const cellFaults = new Map(cells.map((cell) => [cell, checkCell(cell, files)]))
  return {
    subjects: wanted.filter((subject) => subjectFaults.get(subject) === undefined),
    cells: cells.filter((cell) => cellFaults.get(cell) === undefined),
    leftOut: [...subjectFaults, ...cellFaults].flatMap(([{ name }, fault]) => (fault ? [`${name}: ${fault}`] : [])),
  }
}

function checkSubject(subject: Subject, peersFault: string | undefined, redis: string | undefined): string | undefined {
  if (subject.home === 'peers' && peersFault !== undefined) return peersFault
  if (subject.runtime === 'bun' && findBun() === undefined)
    return `Bun has no binary for ${process.arch} in bench/peers`
  if (subject.workloads.includes('cluster') && redis === undefined) return 'redis-server is not installed'
  if (subject.home === 'workspace') subject.packages.forEach(assertBuilt)
  return undefined
}

function assertBuilt(packageName: string): void {
  try {
    createRequire(import.meta.url).resolve(packageName)
  } catch (cause) {
    throw new Error(`${packageName} is not built, and the benchmark runs what is built: npm run build`, { cause })
  }
}

function checkCell(cell: Cell, files: number): string | undefined {
  const needed = connectionsOf(cell) + SPARE_FILES
  return needed <= files ? undefined : `it needs ${needed} open files, and ${files} are allowed (ulimit -Hn)`
}

/** Node and Bun raise their soft limit to the hard one when they start. */
function maxOpenFiles(): number {
  const [, hard] = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? []
  return hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard ?? 0)
}
