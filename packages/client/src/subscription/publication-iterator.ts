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
  const leaving = new AbortController()
  const { signal } = leaving
  const iterator = new PublicationIterator<Data>(maxBufferedPublications, () => leaving.abort())
  const over = (): void => {
    const { state } = subscription
    if (state.phase !== 'unsubscribed') return
    const isOwn = state.reason.name === 'unsubscribeCalled'
    iterator.end(isOwn ? undefined : unsubscribedError(subscription.channel, state.reason))
  }
  subscription.on('publication', (publication) => iterator.push(publication), { signal })
  subscription.on('unsubscribed', over, { signal })
  over()
  return iterator
}

/** It holds those that wait, up to a limit. */
class PublicationIterator<Data> implements AsyncIterableIterator<Publication<Data>> {
  readonly #maxWaiting: number
  readonly #left: () => void
  readonly #waiting: Publication<Data>[] = []
  readonly #takers: {
    readonly resolve: (result: IteratorResult<Publication<Data>>) => void
    readonly reject: (error: ClientError) => void
  }[] = []
  #isOver = false
  #error: ClientError | undefined

  /** `left`: nobody takes any more. */
  constructor(maxWaiting: number, left: () => void) {
    this.#maxWaiting = maxWaiting
    this.#left = left
  }

  /** One has come. */
  push(publication: Publication<Data>): void {
    if (this.#isOver) return
    const taker = this.#takers.shift()
    if (taker !== undefined) taker.resolve({ value: publication, done: false })
    else if (this.#waiting.length < this.#maxWaiting) this.#waiting.push(publication)
    else {
      const advice = 'Take them faster, raise maxBufferedPublications, or use handlers.'
      this.end(new ClientError('ERR_BUFFER_FULL', `${this.#maxWaiting} publications wait for their reader. ${advice}`))
    }
  }

  /** No more will come: what waits is still taken, and then the loop ends, with the error if there is one. */
  end(error?: ClientError): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#left()
    this.#error = error
    for (const taker of this.#takers.splice(0)) this.#finish(taker.resolve, taker.reject)
  }

  next(): Promise<IteratorResult<Publication<Data>>> {
    return new Promise((resolve, reject) => {
      const value = this.#waiting.shift()
      if (value !== undefined) resolve({ value, done: false })
      else if (this.#isOver) this.#finish(resolve, reject)
      else this.#takers.push({ resolve, reject })
    })
  }

  async return(): Promise<IteratorResult<Publication<Data>>> {
    this.#waiting.length = 0
    this.end()
    return { value: undefined, done: true }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #finish(resolve: (result: IteratorResult<Publication<Data>>) => void, reject: (error: ClientError) => void): void {
    const error = this.#error
    this.#error = undefined
    if (error === undefined) resolve({ value: undefined, done: true })
    else reject(error)
  }
}
