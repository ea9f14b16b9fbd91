import { CAN_READ_PROCESSES, nowTicks, sessionMembers } from './session-members.ts'

/** Which processes belong to a program: its process group, or its whole session, as for a shell with job control. */
export type GroupScope = 'group' | 'session'

/**
 * A program and what it has started. The program leads a session and a group of its own, both with its process id.
 *
 * An id is free for others once its process was waited for and nobody is left in its group and session. So the id of a
 * leader that has ended is used only where the process table shows members that were there before: a stale id is never
 * signalled.
 */
export class ProcessGroup {
  /** The leader's process id, and that of its group and session. */
  readonly pid: number
  readonly #scope: GroupScope
  #state: 'led' | 'leaderless' | 'gone' = 'led'
  /** When the group was last known to be ours. */
  #seenTicks = 0

  constructor(pid: number, scope: GroupScope = 'group') {
    this.pid = pid
    this.#scope = scope
  }

  /** To be called in the turn in which the leader's end was told: its id has just become free. */
  leaderEnded(): void {
    if (this.#state !== 'led') return
    this.#state = 'leaderless'
    if (CAN_READ_PROCESSES) {
      this.#seenTicks = nowTicks()
      // Reading the process table takes milliseconds; mostly one question tells that nobody is left.
      if (this.#scope === 'group' && !exists(-this.pid)) this.#state = 'gone'
    } else {
      // Elsewhere nobody could tell later whose the id is. What is left goes while that is still beyond doubt.
      kill(-this.pid, 'SIGKILL')
      this.#state = 'gone'
    }
  }

  /** Whether anything of it runs. */
  get isAlive(): boolean {
    return this.#groups().length > 0
  }

  /** Sends a signal to all of it. Does nothing once it is gone. */
  signal(signal: NodeJS.Signals): void {
    for (const group of this.#groups()) kill(-group, signal)
  }

  /** Its groups that can be signalled now. */
  #groups(): readonly number[] {
    if (this.#state === 'gone') return []
    const isLed = this.#state === 'led'
    if (!CAN_READ_PROCESSES || (isLed && this.#scope === 'group')) return isLed ? [this.pid] : []
    const checkedTicks = nowTicks()
    const members = sessionMembers(this.pid)
    // A session that somebody else opened under this id has nobody in it who was there before.
    if (!isLed && !members.some(({ startTicks }) => startTicks <= this.#seenTicks)) {
      this.#state = 'gone'
      return []
    }
    this.#seenTicks = checkedTicks
    const groups = new Set(members.map(({ group }) => group))
    return isLed ? [...groups.add(this.pid)] : [...groups]
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended by itself, or became somebody else's (setuid) and cannot be signalled.
  }
}
