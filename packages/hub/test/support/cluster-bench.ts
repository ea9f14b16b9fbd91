import { Cluster } from '../../src/cluster/cluster.ts'
import type { ClusterOptions } from '../../src/cluster/cluster-options.ts'
import type { AnswerQuestion, ClusterAnswers } from '../../src/cluster/cluster-question.ts'

/** Hubs in memory that tell each other, with a clock in the test's hands. */
export interface ClusterBench {
  /** A hub that has begun. */
  join(id: string, options?: ClusterOptions): Member
  /** Lets time go by. */
  advance(ms: number): Promise<void>
  /** All that was told. */
  readonly told: string[]
  /** What was told to one hub alone, and to which. */
  readonly toldAlone: { readonly hub: string; readonly message: string }[]
  /** While this is set nothing can be told. */
  isAway: boolean
  /** Whether it does not know that there is nobody of an id. */
  isVague: boolean
}

/** One of them. */
interface Member {
  readonly cluster: Cluster
  /** It hears and says nothing more, as one whose process was killed. */
  kill(): void
  /** What it answers. */
  answer: AnswerQuestion
}

/** What a hub says of itself here. */
export function infoOf(id: string): ClusterAnswers['info'] {
  return { id, name: `hub ${id}`, sessions: 1, users: 1, channels: 1, subscriptions: 1, uptimeMs: 0 }
}

/** Makes one. */
export function createClusterBench(): ClusterBench {
  const members = new Map<string, Cluster>()
  const timers = new Set<{ dueMs: number; readonly intervalMs: number; readonly run: () => void }>()
  let nowMs = 0
  let ids = 0
  const bench: ClusterBench = {
    told: [],
    toldAlone: [],
    isAway: false,
    isVague: false,
    join: (id, options = {}) => {
      const tell = async (message: string, hub?: string): Promise<boolean> => {
        if (bench.isAway) throw new Error('The broker is away.')
        if (!members.has(id)) return false
        if (hub === undefined) bench.told.push(message)
        else bench.toldAlone.push({ hub, message })
        await Promise.resolve()
        for (const [name, member] of [...members]) if (hub === undefined || hub === name) member.told(message)
        return hub === undefined || bench.isVague || members.has(hub)
      }
      const ports = {
        elapsedMs: () => nowMs,
        createId: () => `id-${ids++}`,
        every: (intervalMs: number, run: () => void) => {
          const timer = { dueMs: nowMs + intervalMs, intervalMs, run }
          timers.add(timer)
          return () => timers.delete(timer)
        },
      }
      const member: Member = {
        answer: (question) => (question.type === 'info' ? infoOf(id) : undefined),
        cluster: new Cluster(id, { name: `hub ${id}`, ...options }, ports, tell, (question) => member.answer(question)),
        kill: () => members.delete(id),
      }
      members.set(id, member.cluster)
      member.cluster.begin()
      return member
    },
    advance: async (ms) => {
      const untilMs = nowMs + ms
      while (nowMs < untilMs) {
        nowMs = Math.min(untilMs, nowMs + 100)
        for (const timer of [...timers]) {
          if (!timers.has(timer) || timer.dueMs > nowMs) continue
          timer.dueMs += timer.intervalMs
          timer.run()
        }
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
  return bench
}
