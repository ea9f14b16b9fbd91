import type { LocalChannels } from './channel/local-channels.ts'
import { matchesPattern } from './cluster/channel-pattern.ts'
import type { Cluster } from './cluster/cluster.ts'
import type { ClusterAnswer, ClusterAnswers, ClusterQuestion, ConnectedSession } from './cluster/cluster-question.ts'
import type { ClientSession } from './session/client-session.ts'
import type { SessionRegistry } from './session/session-registry.ts'
import type { SessionRelay } from './session-relay.ts'

/** What this hub's answers are taken from. */
export interface AnswerSources {
  readonly channels: LocalChannels
  readonly sessions: SessionRegistry
  readonly cluster: Cluster
  readonly relay: SessionRelay
  readonly uptimeMs: number
}

/** What this hub says of itself. Nothing for a question that it does not know, as a newer hub may ask. */
export function answerQuestion(
  question: ClusterQuestion,
  sources: AnswerSources,
): ClusterAnswer | Promise<ClusterAnswer> | undefined {
  switch (question.type) {
    case 'info':
      return describeHub(sources)
    case 'channels':
      return listChannels(question.pattern, sources)
    case 'connections':
      return listSessions(question.user, sources)
    case 'say': {
      const { session, data } = question
      return typeof data === 'string' ? sources.relay.answerSay(String(session), data) : undefined
    }
    case 'poll': {
      const { session, last, waitMs } = question
      return sources.relay.answerPoll(String(session), { last: Number(last), waitMs: Number(waitMs) })
    }
    default:
      return undefined
  }
}

function describeHub({ channels, sessions, cluster, uptimeMs }: AnswerSources): ClusterAnswers['info'] {
  const { connected, users } = sessions.stats
  const { channels: open, subscriptions } = channels.stats
  return { ...cluster.self, sessions: connected, users, channels: open, subscriptions, uptimeMs }
}

function listChannels(pattern: string | undefined, { channels, cluster }: AnswerSources): ClusterAnswers['channels'] {
  const listed: [name: string, subscriptions: number][] = []
  for (const [name, { size }] of channels) {
    if (pattern !== undefined && !matchesPattern(name, pattern)) continue
    if (listed.length === cluster.options.maxListedChannels) return { channels: listed, isComplete: false }
    listed.push([name, size])
  }
  return { channels: listed, isComplete: true }
}

function listSessions(user: string | undefined, { sessions, cluster }: AnswerSources): ClusterAnswers['connections'] {
  const listed: ConnectedSession[] = []
  for (const session of user === undefined ? sessions : sessions.ofUser(user)) {
    if (listed.length === cluster.options.maxListedSessions) return { sessions: listed, isComplete: false }
    listed.push(describeSession(session))
  }
  return { sessions: listed, isComplete: true }
}

function describeSession({ client, user, transport, channels, info, meta }: ClientSession): ConnectedSession {
  return {
    client,
    user,
    transport,
    channels,
    ...(info !== undefined && { info }),
    ...(meta !== undefined && { meta }),
  }
}
