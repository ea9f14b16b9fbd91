import { connectWebSocket, type NodeWebSocket } from '@wigwag/socket'

const LAST = 'last'

/** A WebSocket subscriber that counts which numbers it was told, and how often. */
export class TallySubscriber {
  readonly #told = new Map<string, number>()
  readonly #done: Promise<void>
  #finish: () => void = () => {}
  #socket: NodeWebSocket | undefined
  #lastOffset = 0
  gaps = 0
  /** Publications that came with an offset no larger than the one before. */
  disordered = 0
  hasClosed = false

  private constructor() {
    this.#done = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  /** Subscribes; resolves when the subscription is live. */
  static async connect(port: number, channel: string): Promise<TallySubscriber> {
    const subscriber = new TallySubscriber()
    let live: () => void
    const isLive = new Promise<void>((resolve) => {
      live = resolve
    })
    subscriber.#socket = await connectWebSocket(`ws://127.0.0.1:${port}/channel/${channel}?live=1`, {
      subprotocols: ['wigwag.publication.v1'],
      message: (_socket, line) => {
        const told = JSON.parse(line as string) as { live?: unknown; gap?: unknown; offset: number; data: string }
        if (told.live !== undefined) live()
        else if (told.gap !== undefined) subscriber.gaps++
        else subscriber.#take(told)
      },
      close: () => {
        subscriber.hasClosed = true
        subscriber.#finish()
      },
    })
    await isLive
    return subscriber
  }

  /** Resolves when the publication `last` came: everything that was acknowledged before it has come, or never will. */
  untilLast(): Promise<void> {
    return this.#done
  }

  /** Of the numbers from 0 to `count - 1` that belong here, those that never came. */
  missing(numbers: readonly string[]): number {
    return numbers.filter((number) => !this.#told.has(number)).length
  }

  /** How many came more than once. */
  get doubled(): number {
    return [...this.#told.values()].filter((times) => times > 1).length
  }

  close(): void {
    this.#socket?.terminate()
  }

  #take({ offset, data }: { offset: number; data: string }): void {
    if (offset <= this.#lastOffset) this.disordered++
    this.#lastOffset = offset
    if (data === LAST) this.#finish()
    else this.#told.set(data, (this.#told.get(data) ?? 0) + 1)
  }
}
