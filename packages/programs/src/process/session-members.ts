import { readdirSync, readFileSync } from 'node:fs'

/** A process of a session, as Linux tells of it. */
export interface SessionMember {
  readonly pid: number
  /** Its process group. */
  readonly group: number
  /** When it was started, in clock ticks since the machine was. */
  readonly startTicks: number
}

/** Whether the process table can be read here. */
export const CAN_READ_PROCESSES: boolean = process.platform === 'linux'

/** What /proc calls a tick, for every program and on every machine: a hundredth of a second. */
const TICKS_PER_SECOND = 100

/** The running processes of a session, without those that have ended and were not waited for. Linux only. */
export function sessionMembers(session: number): readonly SessionMember[] {
  const members: SessionMember[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = readStat(name)
    const member = stat === undefined ? undefined : parseStat(stat)
    if (member?.session === session && member.state !== 'Z' && member.state !== 'X') members.push(member)
  }
  return members
}

/** What the clock of `startTicks` shows now. */
export function nowTicks(): number {
  return Math.round(Number(readFileSync('/proc/uptime', 'utf8').split(' ', 1)[0]) * TICKS_PER_SECOND)
}

/** One line of /proc/PID/stat (proc(5)). The name is in parentheses and may have any character, parentheses as well. */
export function parseStat(stat: string): (SessionMember & { state: string; session: number }) | undefined {
  const nameEnd = stat.lastIndexOf(')')
  const fields = stat.slice(nameEnd + 2).split(' ')
  if (nameEnd < 0 || fields.length < 20) return undefined
  const [state = '', , group, session] = fields
  return {
    pid: Number.parseInt(stat, 10),
    state,
    group: Number(group),
    session: Number(session),
    startTicks: Number(fields[19]),
  }
}

function readStat(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined // it has ended meanwhile
  }
}
