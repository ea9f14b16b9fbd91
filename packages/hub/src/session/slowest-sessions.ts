import type { Session } from './session.ts'

/** Those for which most waits, as many as hold `bytes` together; all for which something does, where that is less. */
export function slowestSessions(sessions: Iterable<Session>, bytes: number): Session[] {
  const waiting = [...sessions]
    .map((session) => ({ session, queuedBytes: session.outbox.stats.queuedBytes }))
    .filter(({ queuedBytes }) => queuedBytes > 0)
    .sort((one, other) => other.queuedBytes - one.queuedBytes)
  const slowest: Session[] = []
  let held = 0
  for (const { session, queuedBytes } of waiting) {
    if (held >= bytes) break
    held += queuedBytes
    slowest.push(session)
  }
  return slowest
}
