import { ClientError } from '../error/client-error.ts'
import type { Publication } from '../publication/publication.ts'

/** Publications for a loop that takes one after the other. It holds those that wait, up to a limit. */
export class PublicationIterator<Data> implements AsyncIterableIterator<Publication<Data>> {
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
