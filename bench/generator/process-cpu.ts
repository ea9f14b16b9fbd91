import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { ProcessUse, WatchedProcess } from './load-spec.ts'

// Fields of /proc/PID/stat, counted behind the name in parentheses (proc(5): 14 and 15 of all).
const USER_FIELD = 11
const KERNEL_FIELD = 12

/** CPU time of a process so far, all its threads. */
export interface ProcessCpu {
  /** User and kernel time in µs, exact (the scheduler's own statistics). */
  readonly us: number
  /** The same split by clock ticks: coarse, so good for shares of a second or more. */
  readonly userTicks: number
  readonly kernelTicks: number
}

const NOTHING: ProcessCpu = { us: 0, userTicks: 0, kernelTicks: 0 }

/** Reads the CPU time of a process from /proc (Linux). Zeros when the process is gone: its connections count as lost. */
export function readProcessCpu(pid: number): ProcessCpu {
  if (!existsSync(`/proc/${pid}/task`)) return NOTHING
  let sumNs = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    sumNs += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ', 1)[0])
  }
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ')
  return { us: sumNs / 1000, userTicks: Number(fields[USER_FIELD]), kernelTicks: Number(fields[KERNEL_FIELD]) }
}

/** What a process used between two readings. */
export function processUse(
  { name, role }: WatchedProcess,
  before: ProcessCpu = NOTHING,
  after: ProcessCpu = NOTHING,
): ProcessUse {
  return { name, role, cpuUs: after.us - before.us, userShare: userShare(before, after) }
}

/** Share of user time (JavaScript, V8, libuv), 0 to 1. */
function userShare(before: ProcessCpu, after: ProcessCpu): number {
  const user = after.userTicks - before.userTicks
  const all = user + after.kernelTicks - before.kernelTicks
  return all > 0 ? user / all : 0
}
