import { batch, computed, type ReadonlySignal, signal } from '@preact/signals'
import type { Client, Gap, Publication, Subscription } from '@wigwag/client'
import { type ConnectionView, viewConnection } from '../hub/connection-view.ts'
import type { BoardNotice } from './board-notice.ts'
import { nextStep, type Order, parseOrder } from './order.ts'
import { EMPTY_BOOK, type Entry, type OrderBook, sortedEntries, takeOrder } from './order-book.ts'
import { afterLoss, beforeForgotten, type Retelling } from './retelling.ts'

const CHANNEL = 'orders'

/** The last thing that happened while this page looked on, and how many there were before (count). */
export interface News {
  readonly count: number
  readonly order: Order | undefined
}

/** The orders of a shop, as the channel tells of them. */
export class OrderBoard {
  readonly #channel: Subscription
  readonly #reconnect: () => void
  readonly #connection = signal<ConnectionView>({ phase: 'connecting' })
  readonly #book = signal<OrderBook>(EMPTY_BOOK)
  readonly #isLoaded = signal(false)
  readonly #notice = signal<BoardNotice | undefined>(undefined)
  readonly #news = signal<News>({ count: 0, order: undefined })
  readonly #underWay = signal<ReadonlySet<string>>(new Set())
  readonly #kept = signal(0)
  readonly #problem = signal('')
  readonly #entries = computed(() => sortedEntries(this.#book.value))
  #hasBegun = false
  /** Whether the connection before was left for a better one. */
  #hasMoved = false
  #recovered = 0

  constructor(client: Client) {
    client.on('state', (state) => {
      this.#connection.value = viewConnection(state, Date.now())
      if (state.phase === 'connecting') this.#hasMoved = state.reason.name === 'movedUp'
    })
    this.#reconnect = () => {
      client.disconnect()
      client.connect()
    }
    const take = (_: unknown, publication: Publication): void => this.#take(publication)
    this.#channel = client.subscribe(CHANNEL, {
      on: { placed: take, paid: take, packed: take, shipped: take },
      onGap: (gap) => void this.#fill(gap),
    })
    this.#channel.on('subscribed', ({ recovered }) => this.#subscribed(recovered))
    this.#channel.on('unsubscribed', ({ reason }) => {
      this.#problem.value = `The server refuses the channel ${CHANNEL}: ${reason.text}`
    })
  }

  get connection(): ReadonlySignal<ConnectionView> {
    return this.#connection
  }

  /** Newest first. */
  get entries(): ReadonlySignal<readonly Entry[]> {
    return this.#entries
  }

  get book(): OrderBook {
    return this.#book.value
  }

  /** Whether it is known what orders there are. */
  get isLoaded(): ReadonlySignal<boolean> {
    return this.#isLoaded
  }

  /** What became of what was missed in the last interruption. */
  get notice(): ReadonlySignal<BoardNotice | undefined> {
    return this.#notice
  }

  get news(): ReadonlySignal<News> {
    return this.#news
  }

  /** Orders whose next step is on its way to the server, by id. */
  get underWay(): ReadonlySignal<ReadonlySet<string>> {
    return this.#underWay
  }

  /** What was published and has no answer yet (count). */
  get kept(): ReadonlySignal<number> {
    return this.#kept
  }

  get problem(): ReadonlySignal<string> {
    return this.#problem
  }

  reconnectNow(): void {
    batch(this.#reconnect)
  }

  /** The next step of an order, for every page to see. Pressed on two pages at once, it is stored once. */
  async step(order: Order): Promise<void> {
    const next = nextStep(order, Date.now())
    if (next === undefined || this.#underWay.value.has(order.id)) return
    this.#underWay.value = new Set([...this.#underWay.value, order.id])
    await this.publish(next)
    this.#underWay.value = new Set([...this.#underWay.value].filter((id) => id !== order.id))
  }

  /** Says how an order stands now. */
  async publish(order: Order): Promise<void> {
    await this.#send({ order, idempotencyKey: `${order.id} ${order.type}` })
  }

  /** Keeps the history from forgetting what the board shows. To be called now and then. */
  async keep(nowMs: number): Promise<void> {
    const { position, state } = this.#channel
    if (state.phase !== 'subscribed' || position === undefined || !this.#isLoaded.value) return
    await Promise.all(beforeForgotten(this.#book.value, position, nowMs).map((each) => this.#send(each)))
  }

  async #send({ order, idempotencyKey }: Retelling): Promise<void> {
    this.#kept.value++
    try {
      await this.#channel.publish(order, { idempotencyKey })
      this.#problem.value = ''
    } catch (error) {
      this.#problem.value = `The server did not take it: ${(error as Error).message}`
    }
    this.#kept.value--
  }

  #subscribed(isRecovered: boolean): void {
    this.#recovered = 0
    if (!this.#hasBegun) void this.#load()
    // What was missed comes right behind this.
    else if (isRecovered) {
      queueMicrotask(() => {
        if (this.#hasMoved && this.#recovered === 0) return
        this.#notice.value = { type: 'recovered', count: this.#recovered }
      })
    }
    this.#hasBegun = true
  }

  #take(publication: Publication): void {
    // Only what was not live has the time at which it was stored.
    if (publication.time !== undefined) this.#recovered++
    this.#enter(publication, true)
  }

  #enter({ data, offset, time }: Publication, isLive: boolean): void {
    const order = parseOrder(data)
    if (order === undefined) return
    const { position } = this.#channel
    const told = { position: position && offset ? { ...position, offset } : undefined, timeMs: time ?? Date.now() }
    const { book, isNews } = takeOrder(this.#book.value, order, told, isLive)
    batch(() => {
      this.#book.value = book
      if (isNews && isLive) this.#news.value = { count: this.#news.value.count + 1, order }
    })
  }

  /** What was published before this page came. */
  async #load(): Promise<void> {
    try {
      const { publications } = await this.#channel.history()
      batch(() => {
        for (const publication of publications) this.#enter(publication, false)
        this.#problem.value = ''
      })
    } catch (error) {
      this.#problem.value = `The orders so far could not be had: ${(error as Error).message}`
    }
    this.#isLoaded.value = true
  }

  /** The history could not help: it is read as it is now, and where it was lost, is told what this page knows. */
  async #fill({ reason, position }: Gap): Promise<void> {
    if (position === undefined) {
      this.#notice.value = { type: 'gap', reason }
      return
    }
    const known = this.#book.value.size
    await this.#load()
    if (reason !== 'epoch-changed') {
      this.#notice.value = { type: 'gap', reason }
      return
    }
    const lost = afterLoss(this.#book.value, position.epoch)
    this.#notice.value = { type: 'history-lost', known, retold: lost.length }
    await Promise.all(lost.map((each) => this.#send(each)))
  }
}
