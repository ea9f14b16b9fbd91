import { batch, computed, type ReadonlySignal, signal } from '@preact/signals'
import type { Client, Gap, Position, Publication, Subscription } from '@wigwag/client'
import { type ConnectionView, viewConnection } from '../hub/connection-view.ts'
import { behindGap, type Notice, noticeOfGap, noticeOfRecovery } from './notice.ts'
import { addRows, EMPTY_LIST, MAX_ROWS, type PublicationList, type Row, type Told } from './publication-list.ts'

/** Rows are shown in batches, so that a fast channel costs a rendering per batch and not per publication. */
const SHOW_EVERY_MS = 40

/** The page's subscription to one channel at a time, and what it has heard. */
export class ChannelSubscription {
  readonly #client: Client
  readonly #connection = signal<ConnectionView>({ phase: 'closed', trouble: undefined })
  readonly #refusal = signal<string | undefined>(undefined)
  readonly #channel = signal<string | undefined>(undefined)
  readonly #list = signal<PublicationList>(EMPTY_LIST)
  readonly #notices = signal<readonly Notice[]>([])
  readonly #live = signal(false)
  readonly #problem = signal('')
  readonly #state = computed<ConnectionView>(() => {
    const { value: refusal } = this.#refusal
    return refusal === undefined ? this.#connection.value : { phase: 'closed', trouble: refusal }
  })

  #subscription: Subscription | undefined
  #showTimer: ReturnType<typeof setTimeout> | undefined
  #unshown: Row[] = []
  /** What came while the history was asked what it has left of a gap. */
  #held: Told[] | undefined
  #lastKey = 0
  /** Whether the connection before was left for a better one. */
  #hasMoved = false

  constructor(client: Client) {
    this.#client = client
    client.on('state', (state) => {
      this.#connection.value = viewConnection(state, Date.now())
      if (state.phase === 'connecting') this.#hasMoved = state.reason.name === 'movedUp'
    })
  }

  get state(): ReadonlySignal<ConnectionView> {
    return this.#state
  }

  /** The channel last connected to. */
  get channel(): ReadonlySignal<string | undefined> {
    return this.#channel
  }

  get list(): ReadonlySignal<PublicationList> {
    return this.#list
  }

  /** What was said about what was missed before the connection that is open. */
  get notices(): ReadonlySignal<readonly Notice[]> {
    return this.#notices
  }

  /** Whether what is published now comes: a server whose broker is away lets pages wait for that. */
  get live(): ReadonlySignal<boolean> {
    return this.#live
  }

  /** Something that could not be had of the server. */
  get problem(): ReadonlySignal<string> {
    return this.#problem
  }

  /** The same channel goes on where it stopped; another one starts anew. */
  connect(channel: string): void {
    batch(() => {
      this.#refusal.value = undefined
      if (channel !== this.#channel.value) {
        this.#subscription?.unsubscribe()
        this.#channel.value = channel
        this.#held = undefined
        this.#notices.value = []
        this.clear()
        this.#subscription = this.#subscribe(channel)
      } else this.#subscription?.subscribe()
      this.#client.connect()
    })
  }

  disconnect(): void {
    this.#client.disconnect()
  }

  reconnectNow(): void {
    batch(() => {
      this.#client.disconnect()
      this.#client.connect()
    })
  }

  clear(): void {
    this.#unshown = []
    this.#list.value = EMPTY_LIST
    this.#problem.value = ''
  }

  #subscribe(channel: string): Subscription {
    const subscription = this.#client.subscribe(channel)
    /** Whether there was a time before which nothing can be missed, and how many came that were. */
    let hasBegun = false
    let recovered = 0
    const isPresent = (): boolean => this.#subscription === subscription
    subscription.on('state', (state) => {
      if (!isPresent()) return
      this.#live.value = state.phase === 'subscribed'
      if (state.phase !== 'unsubscribed' || state.reason.name === 'unsubscribeCalled') return
      batch(() => {
        this.#refusal.value = `The server refused the channel: ${state.reason.text}`
        this.#client.disconnect()
      })
    })
    subscription.on('subscribed', ({ wasRecovering, recovered: hasRecovered }) => {
      if (!isPresent()) return
      this.#notices.value = []
      recovered = 0
      // What was missed comes right behind this.
      if (hasBegun && wasRecovering && hasRecovered) {
        queueMicrotask(() => {
          if (isPresent() && !(this.#hasMoved && recovered === 0)) this.#notice(noticeOfRecovery(recovered))
        })
      }
      hasBegun = true
    })
    subscription.on('publication', (publication) => {
      if (!isPresent()) return
      // Only what was not live has the time at which it was stored.
      const wasMissed = publication.time !== undefined
      if (wasMissed) recovered++
      this.#hear(toldOf(publication, subscription.position, wasMissed))
    })
    subscription.on('gap', (gap) => {
      if (isPresent()) void this.#close(gap, subscription)
    })
    subscription.on('error', ({ message }) => {
      if (isPresent()) this.#problem.value = message
    })
    return subscription
  }

  /** Tells what a gap has taken, and what the history still has of it. */
  async #close(gap: Gap, subscription: Subscription): Promise<void> {
    const held: Told[] = []
    this.#held = held
    let found: readonly Publication[] = []
    try {
      if (gap.position !== undefined) found = behindGap(gap, (await subscription.history()).publications)
    } catch (error) {
      this.#problem.value = `The server’s history could not be had: ${(error as Error).message}`
    }
    // Another connection, or another channel, has begun meanwhile: the gap that it told includes this one.
    if (this.#held !== held) return
    this.#held = undefined
    this.#notice(noticeOfGap(gap, found.length))
    for (const each of found) {
      this.#tell(toldOf(each, gap.position && { ...gap.position, offset: each.offset ?? 0 }, true))
    }
    if (found.length > 0) this.#notice({ type: 'recovered', count: found.length, complete: false })
    for (const each of held) this.#tell(each)
  }

  #hear(told: Told): void {
    if (this.#held === undefined) this.#tell(told)
    else this.#held.push(told)
  }

  /** The state and the list tell it at the same time. */
  #notice(notice: Notice): void {
    batch(() => {
      this.#notices.value = [...this.#notices.value.slice(-1), notice]
      this.#tell({ type: 'notice', notice })
      this.#show()
    })
  }

  #tell(told: Told): void {
    this.#unshown.push({ ...told, key: ++this.#lastKey })
    // Timers of a hidden page may be minutes late.
    if (this.#unshown.length >= MAX_ROWS) this.#show()
    else this.#showTimer ??= setTimeout(() => this.#show(), SHOW_EVERY_MS)
  }

  #show(): void {
    clearTimeout(this.#showTimer)
    this.#showTimer = undefined
    this.#list.value = addRows(this.#list.value, this.#unshown)
    this.#unshown = []
  }
}

function toldOf({ data, time }: Publication, position: Position | undefined, recovered: boolean): Told {
  const shown = typeof data === 'string' ? ({ kind: 'text', text: data } as const) : jsonOf(data)
  return { type: 'publication', recovered, publication: { position, timeMs: time ?? Date.now(), ...shown } }
}

function jsonOf(data: unknown) {
  return { kind: 'json', text: JSON.stringify(data, null, 2) } as const
}
