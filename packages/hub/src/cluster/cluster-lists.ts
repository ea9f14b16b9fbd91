import type { Cluster } from './cluster.ts'
import type { HubName } from './cluster-message.ts'
import type { ConnectedSession, HubInfo } from './cluster-question.ts'

/** A list from every hub of the cluster. */
export interface ClusterList<T> {
  readonly items: T
  /** Hubs that did not answer in time. */
  readonly missing: readonly HubName[]
  /** Whether nothing is left out: every hub has answered, and none listed as much as it may. */
  readonly isComplete: boolean
}

/** The hubs, the one that asks first. */
export async function listHubs(cluster: Cluster): Promise<ClusterList<readonly HubInfo[]>> {
  const { answers, missing } = await cluster.ask<'info'>({ type: 'info' })
  return { items: answers, missing, isComplete: missing.length === 0 }
}

/** The channels that somebody is subscribed to, with the number of their subscriptions on all hubs. */
export async function listChannels(
  cluster: Cluster,
  pattern: string | undefined,
): Promise<ClusterList<ReadonlyMap<string, number>>> {
  const question = { type: 'channels', ...(pattern !== undefined && { pattern }) } as const
  const { answers, missing } = await cluster.ask<'channels'>(question)
  const items = new Map<string, number>()
  for (const { channels } of answers) for (const [name, n] of channels) items.set(name, (items.get(name) ?? 0) + n)
  return { items, missing, isComplete: missing.length === 0 && answers.every(({ isComplete }) => isComplete) }
}

/** The connected sessions, or those of one user. */
export async function listSessions(
  cluster: Cluster,
  user: string | undefined,
): Promise<ClusterList<readonly ConnectedSession[]>> {
  const question = { type: 'connections', ...(user !== undefined && { user }) } as const
  const { answers, missing } = await cluster.ask<'connections'>(question)
  const items = answers.flatMap(({ sessions }) => sessions)
  return { items, missing, isComplete: missing.length === 0 && answers.every(({ isComplete }) => isComplete) }
}
