import type { HubName } from './cluster-message.ts'

/** Most characters of an answer that comes in pieces. Above it the hub counts as one that did not answer. */
const MAX_ANSWER_LENGTH = 32 * 1024 * 1024

/** A question on its way. */
export class Inquiry {
  /** Hubs that have not answered. */
  readonly waiting: Map<string, HubName>
  /** Those that have, as they came. */
  readonly answers: unknown[] = []
  /** Resolves when all have answered, or need not. */
  readonly finished: Promise<void>
  /** Waits for nobody any more. */
  finish: () => void = () => {}
  readonly #pieces = new Map<string, { readonly texts: string[]; length: number }>()

  constructor(asked: readonly HubName[]) {
    this.waiting = new Map(asked.map((hub) => [hub.id, hub]))
    this.finished = new Promise((resolve) => {
      this.finish = resolve
    })
  }

  /** A hub has answered. One that was not asked, or has answered before, is not heard. */
  answered(hub: string, answer: unknown): void {
    if (!this.waiting.delete(hub)) return
    this.answers.push(answer)
    this.#finishIfDone()
  }

  /** A piece of a hub's answer. One that is missing makes the others worthless. */
  piece(hub: string, index: number, isLast: boolean, text: string): void {
    if (!this.waiting.has(hub)) return
    const pieces = this.#pieces.get(hub) ?? { texts: [], length: 0 }
    this.#pieces.set(hub, pieces)
    if (index !== pieces.texts.length || pieces.length + text.length > MAX_ANSWER_LENGTH) {
      this.#pieces.set(hub, { texts: [], length: Number.POSITIVE_INFINITY })
      return
    }
    pieces.texts.push(text)
    pieces.length += text.length
    if (!isLast) return
    this.#pieces.delete(hub)
    try {
      this.answered(hub, JSON.parse(pieces.texts.join('')))
    } catch {
      // It is no answer.
    }
  }

  /** A hub is not there any more: nothing is missing without it. */
  gone(hub: string): void {
    this.waiting.delete(hub)
    this.#finishIfDone()
  }

  #finishIfDone(): void {
    if (this.waiting.size === 0) this.finish()
  }
}
