import { setTimeout as sleep } from 'node:timers/promises'
import { readProcessCpu } from '../generator/process-cpu.ts'
import type { Pinning } from '../pinning.ts'
import { Program } from '../program.ts'
import { startRedis } from '../redis-service.ts'
import type { RestartWay } from './restart-way.ts'
import { ReturningSession } from './returning-session.ts'

const START_TIMEOUT_MS = 20_000
/** How many come at a time at first, before anything is measured. */
const AT_ONCE = 64
/** Before the node goes, and from then on. */
const PUBLICATIONS = 10
const PUBLISH_EVERY_MS = 100
const LONGEST_MS = 60_000
const POLL_MS = 10

/** What a restart took. */
export interface RestartFigures {
  /** From the signal until the last session had recovered, in milliseconds. */
  readonly totalMs: number
  /** From the end of a session's connection until it had recovered, in milliseconds, sorted. */
  readonly outagesMs: readonly number[]
  /** How often somebody was sent away with 503 (count). */
  readonly refused: number
  /** CPU time of the node that they came to, in milliseconds. */
  readonly cpuMs: number
  /** CPU time of the clients, in milliseconds. */
  readonly clientsCpuMs: number
  /** What went wrong, each kind once. */
  readonly faults: readonly string[]
}

/** Has a node go whose sessions come back to another, while publications go on. `nodeFile` is the node's program. */
export async function restartNode(
  way: RestartWay,
  count: number,
  nodeFile: string,
  pinning: Pinning,
): Promise<RestartFigures> {
  const core = pinning.mode === 'pinned' ? pinning.serverCore : undefined
  const programs: Program[] = []
  const sessions: ReturningSession[] = []
  try {
    const redis = await startRedis(core, (program) => programs.push(program))
    const start = async (): Promise<{ readonly program: Program; readonly port: number }> => {
      const args = [nodeFile, redis.url, way.door]
      const program = new Program({ name: 'a node', command: process.execPath, args, core })
      programs.push(program)
      return { program, port: Number(await program.line(/^\d+$/, START_TIMEOUT_MS)) }
    }
    const old = await start()
    const next = await start()
    const crew = new Crew(old.port)
    await crew.fill(sessions, count)
    await publish(next.port, 1)
    await crew.until(() => sessions.every(({ offset }) => offset === PUBLICATIONS))
    const cpuBefore = readProcessCpu(next.program.pid).us
    const clientsBefore = process.cpuUsage()
    crew.leave(next.port)
    const startMs = performance.now()
    process.kill(old.program.pid, way.signal)
    await publish(next.port, PUBLICATIONS + 1)
    await crew.until(() => crew.returned === count && sessions.every(({ offset }) => offset === 2 * PUBLICATIONS))
    const clients = process.cpuUsage(clientsBefore)
    return {
      totalMs: crew.lastReturnMs - startMs,
      outagesMs: crew.outagesMs.toSorted((one, other) => one - other),
      refused: crew.refusals,
      cpuMs: (readProcessCpu(next.program.pid).us - cpuBefore) / 1000,
      clientsCpuMs: (clients.user + clients.system) / 1000,
      faults: crew.faults,
    }
  } finally {
    for (const session of sessions) session.end()
    await Promise.all(programs.map((program) => program.end()))
  }
}

/** All sessions, and what they tell. */
class Crew {
  #port: number
  #present = 0
  readonly outagesMs: number[] = []
  readonly faults: string[] = []
  refusals = 0
  lastReturnMs = 0

  constructor(port: number) {
    this.#port = port
  }

  get returned(): number {
    return this.outagesMs.length
  }

  /** Whoever comes back comes there. */
  leave(port: number): void {
    this.#port = port
    this.refusals = 0
  }

  port(): number {
    return this.#port
  }

  subscribed(outageMs: number | undefined): void {
    if (outageMs === undefined) this.#present++
    else {
      this.outagesMs.push(outageMs)
      this.lastReturnMs = performance.now()
    }
  }

  refused(): void {
    this.refusals++
  }

  fault(what: string): void {
    if (!this.faults.includes(what)) this.faults.push(what)
  }

  /** Opens sessions, few at a time. */
  async fill(sessions: ReturningSession[], count: number): Promise<void> {
    while (sessions.length < count) {
      for (let n = Math.min(AT_ONCE, count - sessions.length); n > 0; n--) sessions.push(new ReturningSession(this))
      await this.until(() => this.#present === sessions.length)
    }
  }

  /** Resolves when it is so, or there is a fault. */
  async until(isSo: () => boolean): Promise<void> {
    const deadlineMs = performance.now() + LONGEST_MS
    while (!isSo() && this.faults.length === 0) {
      if (performance.now() > deadlineMs) this.fault(`not all were there within ${LONGEST_MS / 1000} s`)
      await sleep(POLL_MS)
    }
  }
}

/** Publishes some, one after the other, numbered from `first` on. */
async function publish(port: number, first: number): Promise<void> {
  for (let n = first; n < first + PUBLICATIONS; n++) {
    const response = await fetch(`http://127.0.0.1:${port}/channel/bench`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ n }),
    })
    if (!response.ok) throw new Error(`Publishing was answered with ${response.status}: ${await response.text()}`)
    await sleep(PUBLISH_EVERY_MS)
  }
}
