/** Who waits for something to have come. */
export class Arrivals {
  readonly #waiting = new Set<() => void>()

  tell(): void {
    for (const check of [...this.#waiting]) check()
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }
}
