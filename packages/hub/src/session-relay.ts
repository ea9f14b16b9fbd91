import type { Cluster } from './cluster/cluster.ts'
import type { ClusterAnswers, PollOutcome, PollRequest } from './cluster/cluster-question.ts'
import { HubError } from './error/hub-error.ts'
import { hubErrorOf } from './error/hub-error-of.ts'
import type { EmulatedSessions } from './session/emulated-sessions.ts'
import { encodeAnswer } from './session/unacknowledged-packets.ts'

/**
 * How long a poll of a session elsewhere waits at most, in milliseconds. Hubs tell each other at most once: an answer may be
 * lost on its way, and so may the word that a client does not wait any more. By the next poll all is well again.
 */
const MAX_WAIT_ELSEWHERE_MS = 10_000

/**
 * Takes what clients say, and what they ask for, to the hub of the cluster that has their session, whichever hub they came
 * to: so that nobody need see to it that a client always comes to the same one.
 */
export class SessionRelay {
  readonly #sessions: EmulatedSessions
  readonly #cluster: Cluster

  /** Made by the hub. */
  constructor(sessions: EmulatedSessions, cluster: Cluster) {
    this.#sessions = sessions
    this.#cluster = cluster
  }

  /**
   * Tells a session what its client says. Rejects with `HubError` `ERR_SESSION_UNKNOWN` where there is no such session, or no
   * such hub; and when it could not be told, or nobody knows whether it was, with `ERR_BROKER_UNAVAILABLE` or
   * `ERR_SESSION_UNREACHABLE`.
   */
  async say(node: string, session: string, data: string): Promise<void> {
    const { isKnown } = this.#isHere(node)
      ? this.answerSay(session, data)
      : await this.#ask(node, () => this.#cluster.askHub<'say'>(node, { type: 'say', session, data }))
    if (!isKnown) throw unknownSession()
  }

  /**
   * What a session has for its client, as soon as there is something, or when the time is over. `leave` is given a function
   * to be called when the client does not wait any more. A hub that is there and does not answer has nothing to say: its
   * client asks again. Rejects as `say` does, and with `ERR_SESSION_PACKET`.
   */
  async poll(node: string, session: string, poll: PollRequest, leave: (left: () => void) => void): Promise<string> {
    const outcome = this.#isHere(node)
      ? await this.#poll(session, poll, leave)
      : await this.#pollElsewhere(node, session, poll)
    if ('text' in outcome) return outcome.text
    if (outcome.fault === 'unknown') throw unknownSession()
    throw new HubError(
      'ERR_SESSION_PACKET',
      'No packet of that number was sent, or a later one was asked from. Connect again.',
    )
  }

  /** A client of a session here, that came to another hub, says something. */
  answerSay(session: string, data: string): ClusterAnswers['say'] {
    const found = this.#sessions.find(session)
    if (found === undefined) return { isKnown: false }
    // Of one that has ended, what says so may still be on its way.
    if (found !== 'ended') found.session.receive(data)
    return { isKnown: true }
  }

  /** One polls. Its client may leave there: then the next poll takes this one's place. */
  answerPoll(session: string, poll: PollRequest): Promise<PollOutcome> {
    return this.#poll(session, poll, () => {})
  }

  #isHere(node: string): boolean {
    return node === this.#cluster.self.id
  }

  #poll(session: string, poll: PollRequest, leave: (left: () => void) => void): Promise<PollOutcome> {
    const found = this.#sessions.find(session)
    const polled = found === 'ended' ? undefined : found?.transport.poll
    if (found === undefined || found === 'ended' || polled === undefined) return Promise.resolve({ fault: 'unknown' })
    return new Promise((resolve) => {
      const left = polled.call(found.transport, poll, (text) => resolve({ text }))
      if (left === undefined) resolve({ fault: 'packet' })
      else leave(left)
    })
  }

  async #pollElsewhere(node: string, session: string, { last, waitMs }: PollRequest): Promise<PollOutcome> {
    const question = { type: 'poll', session, last, waitMs: Math.min(waitMs, MAX_WAIT_ELSEWHERE_MS) } as const
    const timeoutMs = question.waitMs + this.#cluster.options.answerTimeoutMs
    const outcome = await this.#askHub(() => this.#cluster.askHub<'poll'>(node, question, timeoutMs))
    if (outcome !== undefined) return outcome
    return this.#cluster.has(node) ? { text: encodeAnswer(last) } : { fault: 'unknown' }
  }

  #askHub<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    return ask().catch((error: unknown) => {
      throw hubErrorOf(error)
    })
  }

  async #ask<Answer>(node: string, ask: () => Promise<Answer | undefined>): Promise<Answer> {
    const answer = await this.#askHub(ask)
    if (answer !== undefined) return answer
    // There is none, or it went meanwhile.
    if (!this.#cluster.has(node)) throw unknownSession()
    throw new HubError('ERR_SESSION_UNREACHABLE', 'The node of the session does not answer. Connect again.')
  }
}

function unknownSession(): HubError {
  return new HubError('ERR_SESSION_UNKNOWN', 'There is no such session, or its node is gone. Connect again.')
}
