import { readdirSync, readFileSync } from 'node:fs'

/** Linux tells CPU time in hundredths of a second. */
const TICKS_PER_SECOND = 100

/** CPU time of a process until now, in seconds, all of its threads together. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** The same of a process with those that it has forked, by the same program. */
export function cpuSecondsOfForks(pid: number): number {
  const forks = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
  return [pid, ...forks.map(Number)].reduce((sum, each) => sum + cpuSeconds(each), 0)
}

function parentOf(pid: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1])
  } catch {
    return -1 // it has ended
  }
}

/** Resident memory of a process, in bytes. */
export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
}
