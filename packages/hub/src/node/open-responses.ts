import type { ServerResponse } from 'node:http'
import { onRequestEnd } from '@wigwag/socket'

/** Responses that are not over yet, ended ones included that are still being written. */
export class OpenResponses {
  readonly #open = new Set<ServerResponse>()
  readonly #waiting = new Set<() => void>()

  /** Counts a response until it is over, and calls `over` then. Does nothing for one that is counted. */
  add(response: ServerResponse, over: () => void = () => {}): void {
    if (this.#open.has(response)) return
    this.#open.add(response)
    onRequestEnd(response.req, response, () => {
      over()
      this.#open.delete(response)
      if (this.#open.size === 0) for (const emptied of this.#waiting) emptied()
    })
  }

  /** Drops all of them. */
  destroy(): void {
    for (const response of [...this.#open]) response.destroy()
  }

  /** Resolves when there is none. */
  async emptied(): Promise<void> {
    if (this.#open.size === 0) return
    await new Promise<void>((resolve) => {
      this.#waiting.add(resolve)
    })
  }
}
