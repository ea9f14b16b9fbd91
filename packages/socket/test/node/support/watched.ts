/** Something that changes, and tests that wait until it has changed far enough. Nobody sleeps. */
export class Watched {
  readonly #waiting = new Set<() => void>()

  /** Resolves as soon as `condition` holds; asks again behind each `changed`. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve()
    return new Promise((resolve) => {
      const ask = (): void => {
        if (!condition()) return
        this.#waiting.delete(ask)
        resolve()
      }
      this.#waiting.add(ask)
    })
  }

  /** Tells those who wait that there is something new. */
  changed(): void {
    for (const ask of [...this.#waiting]) ask()
  }
}
