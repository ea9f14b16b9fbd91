import { existsSync, readFileSync } from 'node:fs'

/** Resident memory of a process in bytes, from /proc (Linux). 0 when it is gone: its connections count as lost. */
export function readRss(pid: number): number {
  const file = `/proc/${pid}/status`
  const kib = existsSync(file) ? /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(file, 'latin1'))?.[1] : undefined
  return Number(kib ?? 0) * 1024
}
