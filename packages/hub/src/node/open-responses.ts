import type { ServerResponse } from 'node:http'
import { onRequestEnd } from '@wigwag/socket'

/** Responses that are not over yet, ended ones included that are still being written. */
export class OpenResponses {
  #size = 0
  readonly #waiting = new Set<() => void>()

  /** Counts a response until it is over, and calls `over` then. */
  add(response: ServerResponse, over: () => void = () => {}): void {
    this.#size++
    onRequestEnd(response.req, response, () => {
      over()
      if (--this.#size === 0) for (const emptied of this.#waiting) emptied()
    })
  }

  /** Resolves when there is none. */
  async emptied(): Promise<void> {
    if (this.#size === 0) return
    await new Promise<void>((resolve) => {
      this.#waiting.add(resolve)
    })
  }
}
