import { ClientError } from '../error/client-error.ts'
import type { Publication } from '../publication/publication.ts'
import type { CoreSubscription } from './core-subscription.ts'
import { unsubscribedError } from './unsubscribed-error.ts'

/** How many publications wait for a loop. */
export interface PublicationsOptions {
  /** Publications that are held for the loop (count). Above it: `ERR_BUFFER_FULL`. Default 1000. */
  readonly maxBufferedPublications?: number
}

const MAX_BUFFERED = 1000

/**
 * A subscription's publications from now on, for a loop; leaving the loop does not end the subscription. The loop ends when the
 * subscription is ended here, throws `ERR_UNSUBSCRIBED` when the hub ends it for good, and `ERR_BUFFER_FULL` when it is too slow.
 */
export function publications<Data>(
  subscription: CoreSubscription<Data, never>,
  { maxBufferedPublications = MAX_BUFFERED }: PublicationsOptions = {},
): AsyncIterableIterator<Publication<Data>> {
  type Result = IteratorResult<Publication<Data>>
  const leaving = new AbortController()
  const { signal } = leaving
  const waiting: Publication<Data>[] = []
  /** Loops that wait for one. */
  const takers: ((result: Result | Promise<Result>) => void)[] = []
  let error: ClientError | undefined

  /** What comes behind the last: the error, once, if there is one. */
  function last(): Result | Promise<Result> {
    const told = error
    error = undefined
    return told === undefined ? { value: undefined, done: true } : Promise.reject(told)
  }

  /** No more will come: what waits is still taken. */
  function end(why?: ClientError): void {
    if (signal.aborted) return
    leaving.abort()
    error = why
    for (const take of takers.splice(0)) take(last())
  }

  subscription.on(
    'publication',
    (value) => {
      const take = takers.shift()
      if (take !== undefined) take({ value, done: false })
      else if (waiting.length < maxBufferedPublications) waiting.push(value)
      else {
        const advice = 'Take them faster, raise maxBufferedPublications, or use handlers.'
        end(new ClientError('ERR_BUFFER_FULL', `${waiting.length} publications wait for their reader. ${advice}`))
      }
    },
    { signal },
  )
  const look = (): void => {
    const { state, channel } = subscription
    if (state.phase !== 'unsubscribed') return
    end(state.reason.name === 'unsubscribeCalled' ? undefined : unsubscribedError(channel, state.reason))
  }
  subscription.on('unsubscribed', look, { signal })
  look()
  return {
    next: () =>
      new Promise((take) => {
        const value = waiting.shift()
        if (value !== undefined) take({ value, done: false })
        else if (signal.aborted) take(last())
        else takers.push(take)
      }),
    async return() {
      waiting.length = 0
      end()
      return { value: undefined, done: true }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
