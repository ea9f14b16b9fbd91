import { type ReadonlySignal, signal } from '@preact/signals'
import type { OrderBoard } from './order-board.ts'
import { createOrder, nextDeed, pauseMs, type Random } from './shop.ts'

/** Customers and staff that this page makes up. */
export class RunningShop {
  readonly #board: OrderBoard
  readonly #random: Random
  readonly #isRunning = signal(false)
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(board: OrderBoard, random: Random) {
    this.#board = board
    this.#random = random
  }

  get isRunning(): ReadonlySignal<boolean> {
    return this.#isRunning
  }

  /** Somebody orders something. */
  async sell(): Promise<void> {
    await this.#board.publish(createOrder(this.#random, Date.now()))
  }

  /** Goes on by itself, or not any more. */
  toggle(): void {
    this.#isRunning.value = !this.#isRunning.value
    clearTimeout(this.#timer)
    if (this.#isRunning.value) void this.#goOn()
  }

  /** One thing after the other, so that without a connection it waits. */
  async #goOn(): Promise<void> {
    await this.#board.publish(nextDeed(this.#board.book, this.#random, Date.now()))
    if (this.#isRunning.value) this.#timer = setTimeout(() => void this.#goOn(), pauseMs(this.#random))
  }
}
