import { DueQueue } from '../presence/due-queue.ts'

/** How often it is looked whose time is up. */
const TICK_MS = 1000

/** What ends when somebody's credentials do: within a second of that. */
export class Expirations {
  readonly #due = new DueQueue<() => void>()
  #waiting = 0
  #timer: NodeJS.Timeout | undefined

  /** Calls `end` at `expiresAt`, in milliseconds since 1970; without one, never. Returns the function that forgets it. */
  put(expiresAt: number | undefined, end: () => void): () => void {
    if (expiresAt === undefined || expiresAt === Number.POSITIVE_INFINITY) return () => {}
    let isOver = false
    const over = (): void => {
      if (isOver) return
      isOver = true
      if (--this.#waiting === 0) this.#stop()
    }
    const expire = (): void => {
      over()
      end()
    }
    this.#due.put(expire, expiresAt)
    this.#waiting++
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref()
    return () => {
      this.#due.delete(expire)
      over()
    }
  }

  #tick(): void {
    for (const expire of this.#due.take(Date.now())) expire()
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
