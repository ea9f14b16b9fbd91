import { HubError } from '@wigwag/hub'

/** What the first word of Redis' answer says when it has refused before it changed anything. */
const NOTHING_DONE = new Set(['OOM', 'READONLY', 'MISCONF', 'LOADING', 'MASTERDOWN', 'NOREPLICAS', 'NOAUTH', 'BUSY'])

/** What the driver says when `commandTimeoutMs` is over. */
const TIMED_OUT = 'Command timed out'

/** What went wrong, for people: Redis' own words, but not the driver's about its options. */
export function describeFailure(error: unknown): string {
  // Node hides what went wrong with each address of a name in an error without a message.
  if (error instanceof AggregateError && error.errors.length > 0) return describeFailure(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  if (hasTimedOut(error)) return 'it did not answer in time'
  if (/^(Reached the max retries|Stream isn't writeable|Connection is closed)/.test(error.message)) {
    return 'the connection was lost'
  }
  if (/^ERR unknown command .?ssubscribe/i.test(error.message)) return 'it is older than Redis 7, which is needed'
  return (
    error.message
      // Of a command that Redis does not know it repeats the arguments: of AUTH and HELLO, the password.
      .replace(/,? with args beginning with:.*$/s, '')
      .replace(/ script: [0-9a-f]{40}, on @user_script:\d+\.?$/, '')
      .replace(/\.$/, '')
  )
}

/** Whether no answer came. The connection may be dead, which the system would take long to find out. */
export function hasTimedOut(error: unknown): boolean {
  return error instanceof Error && error.message === TIMED_OUT
}

/** Whether Redis has answered, with a refusal; otherwise nobody knows what it did. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && /^[A-Z]{2,} /.test(error.message)
}

/** Whether this is about one channel, and the same whenever it is asked again: access lists forbid it, or another program uses its keys. */
export function isOfOneChannel(error: unknown): boolean {
  return error instanceof Error && /^(NOPERM|WRONGTYPE) /.test(error.message)
}

/** Whether Redis has refused before it changed anything. */
function hasChangedNothing(error: unknown): boolean {
  return isRefusal(error) && NOTHING_DONE.has((error as Error).message.split(' ', 1)[0] as string)
}

/** Nothing was done, or nobody knows; trying again does no harm. */
export function unavailable(message: string, cause?: unknown): HubError {
  return new HubError('ERR_BROKER_UNAVAILABLE', message, cause === undefined ? {} : { cause })
}

/** What whoever subscribes is told. */
export function refused(error: unknown): HubError {
  return unavailable(`Redis refused the subscription: ${describeFailure(error)}.`, error)
}

/** What whoever publishes is told: that nothing was published, or that nobody knows. */
export function notPublished(error: unknown): HubError {
  const why = describeFailure(error)
  if (hasChangedNothing(error)) {
    return unavailable(`Redis refused the publication: ${why}. Nothing was published.`, error)
  }
  return new HubError(
    'ERR_NOT_ACKNOWLEDGED',
    `Redis did not acknowledge the publication (${why}); it may be stored all the same. ` +
      'Publish it again with the same idempotency key.',
    { cause: error },
  )
}
