import { type HostTime, hostTime } from './host-time.ts'

/** Something that wants to be woken at a time. */
export interface Sleeper {
  /** When, in milliseconds of `nowMs`; Infinity for never. Asked again after each `wake`. */
  readonly deadlineMs: number
  /** The wheel's: in which of its slots the sleeper waits, and where there; -1 when in none. */
  wheelSlot: number
  /** It is `nowMs`, at or after the deadline. */
  wake(nowMs: number): void
}

/** How coarse the wheel is: a sleeper is woken at most this much late. */
const TICK_MS = 250
/** Slots of one turn: deadlines further away than 64 s go round more than once. */
const SLOTS = 256

/**
 * One timer for all time-outs of the process (handshake, keepalive, closing): a wheel of slots that costs a live
 * connection nothing per message. It also keeps the coarse clock that connections are told.
 */
export class DeadlineWheel {
  readonly #time: HostTime
  // Arrays, in which sleepers know their place: see `LiveList` for what is wrong with sets.
  readonly #slots: Sleeper[][] = Array.from({ length: SLOTS }, () => [])
  #sleepers = 0
  #timer: NodeJS.Timeout | undefined
  #turned = 0
  /**
   * Milliseconds of a monotonic clock, as of the last turn or `refresh`. Fresh enough for time-outs of seconds, and whole:
   * every connection remembers when it was last heard, and a fraction would lie in memory of its own.
   */
  nowMs: number

  constructor(time: HostTime = hostTime) {
    this.#time = time
    this.nowMs = Math.floor(time.nowMs())
  }

  /** Reads the clock, for those who begin to wait now. */
  refresh(): number {
    this.nowMs = Math.floor(this.#time.nowMs())
    return this.nowMs
  }

  /** Wakes `sleeper` at its deadline, now and again, until `remove`. To be called again when a deadline comes nearer. */
  add(sleeper: Sleeper): void {
    if (this.#timer === undefined) this.#start()
    this.#place(sleeper)
  }

  /** Forgets `sleeper`. */
  remove(sleeper: Sleeper): void {
    if (sleeper.wheelSlot < 0) return
    this.#take(sleeper)
    if (this.#sleepers > 0) return
    this.#time.stop(this.#timer)
    this.#timer = undefined
  }

  #start(): void {
    this.#turned = Math.floor(this.refresh() / TICK_MS)
    this.#timer = this.#time.every(TICK_MS, () => this.#tick())
    // Sockets keep a process alive; waiting for them to time out need not.
    this.#timer.unref()
  }

  #take(sleeper: Sleeper): void {
    const slot = this.#slots[sleeper.wheelSlot % SLOTS] as Sleeper[]
    const last = slot.pop() as Sleeper
    if (last !== sleeper) {
      slot[Math.floor(sleeper.wheelSlot / SLOTS)] = last
      last.wheelSlot = sleeper.wheelSlot
    }
    sleeper.wheelSlot = -1
    this.#sleepers--
  }

  #place(sleeper: Sleeper): void {
    if (sleeper.wheelSlot >= 0) this.#take(sleeper)
    const { deadlineMs } = sleeper
    // One without a deadline waits in the slot that comes last, in case it gets one.
    const tick = Number.isFinite(deadlineMs) ? Math.ceil(deadlineMs / TICK_MS) : this.#turned + SLOTS - 1
    const at = Math.max(tick, this.#turned + 1) % SLOTS
    const slot = this.#slots[at] as Sleeper[]
    sleeper.wheelSlot = slot.length * SLOTS + at
    slot.push(sleeper)
    this.#sleepers++
  }

  #tick(): void {
    // A process that stood still first hears what came meanwhile: it is read between timers and immediates. Else every
    // peer that had answered in time would be taken for gone.
    const late = this.refresh() - (this.#turned + 1) * TICK_MS > 2 * TICK_MS
    if (late) this.#time.atEndOfTurn(() => this.#turn())
    else this.#turn()
  }

  #turn(): void {
    const until = Math.floor(this.refresh() / TICK_MS)
    // After a long stall every slot is looked at once, not once per missed tick.
    const from = Math.max(this.#turned + 1, until - SLOTS + 1)
    this.#turned = until
    for (let tick = from; tick <= until; tick++) {
      for (const sleeper of [...(this.#slots[tick % SLOTS] as Sleeper[])]) {
        if (sleeper.wheelSlot < 0) continue // removed by one woken before it
        if (sleeper.deadlineMs <= this.nowMs) sleeper.wake(this.nowMs)
        if (sleeper.wheelSlot >= 0) this.#place(sleeper)
      }
    }
  }
}
