/** Lets so many through at once; the others wait, in the order in which they came. */
export class Turnstile {
  readonly #most: number
  #inside = 0
  readonly #waiting: (() => void)[] = []

  constructor(most: number) {
    this.#most = most
  }

  /** Does `work` when it is its turn. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#inside++
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      // Whoever is next takes this one's place.
      if (next === undefined) this.#inside--
      else next()
    }
  }
}
