import { batch, type ReadonlySignal, signal } from '@preact/signals'
import { channelUrl, subscribeUrl } from './channel-address.ts'
import {
  type Answer,
  type ConnectionEvent,
  type ConnectionState,
  type Effect,
  INITIAL_STATE,
  stepConnection,
  wakeAtMs,
} from './connection-state.ts'
import { addRows, EMPTY_LIST, MAX_ROWS, type PublicationList, type Row } from './publication-list.ts'
import { type Notice, type Recovery, receiveLine, resumeRecovery, startRecovery, type Told } from './recovery.ts'
import { readRefusal } from './refusal.ts'
import { encodePosition, parseStreamLine } from './stream-line.ts'

const SUBPROTOCOL = 'wigwag.publication.v1'
/** Rows are shown in batches, so that a fast channel costs a rendering per batch and not per publication. */
const SHOW_EVERY_MS = 40
const ASK_TIMEOUT_MS = 5_000

/** The page's subscription to one channel at a time: does what the pure state asks for. */
export class ChannelSubscription {
  readonly #pageUrl: string
  readonly #state = signal<ConnectionState>(INITIAL_STATE)
  readonly #channel = signal<string | undefined>(undefined)
  readonly #list = signal<PublicationList>(EMPTY_LIST)
  readonly #notices = signal<readonly Notice[]>([])
  readonly #live = signal(false)
  readonly #problem = signal('')

  #recovery: Recovery = startRecovery()
  #socket: WebSocket | undefined
  #asking: AbortController | undefined
  #wakeTimer: ReturnType<typeof setTimeout> | undefined
  #showTimer: ReturnType<typeof setTimeout> | undefined
  #unshown: Row[] = []
  #lastKey = 0

  constructor(pageUrl: string) {
    this.#pageUrl = pageUrl
    window.addEventListener('online', () => this.#take({ type: 'hurry' }))
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.#take({ type: 'hurry' })
    })
  }

  get state(): ReadonlySignal<ConnectionState> {
    return this.#state
  }

  /** The channel last connected to. */
  get channel(): ReadonlySignal<string | undefined> {
    return this.#channel
  }

  get list(): ReadonlySignal<PublicationList> {
    return this.#list
  }

  /** What the connection that is open said about what was missed before it. */
  get notices(): ReadonlySignal<readonly Notice[]> {
    return this.#notices
  }

  /** Whether what is published now comes: a server whose broker is away lets pages wait for that. */
  get live(): ReadonlySignal<boolean> {
    return this.#live
  }

  /** Something the server sent that could not be read. */
  get problem(): ReadonlySignal<string> {
    return this.#problem
  }

  /** The same channel goes on where it stopped; another one starts anew. */
  connect(channel: string): void {
    batch(() => {
      if (channel !== this.#channel.value) {
        this.#channel.value = channel
        this.#recovery = startRecovery()
        this.clear()
      }
      this.#take({ type: 'connect' })
    })
  }

  disconnect(): void {
    this.#take({ type: 'disconnect' })
  }

  reconnectNow(): void {
    this.#take({ type: 'hurry' })
  }

  clear(): void {
    this.#unshown = []
    this.#list.value = EMPTY_LIST
    this.#problem.value = ''
  }

  #take(event: ConnectionEvent): void {
    const { state, effects } = stepConnection(this.#state.value, event, { nowMs: Date.now(), random: Math.random() })
    this.#state.value = state
    for (const effect of effects) this.#do(effect)
    clearTimeout(this.#wakeTimer)
    const dueMs = wakeAtMs(state)
    if (dueMs !== undefined) this.#wakeTimer = setTimeout(() => this.#take({ type: 'woken' }), dueMs - Date.now())
    if (state.phase === 'open' || state.phase === 'closed') this.#asking?.abort()
  }

  #do(effect: Effect): void {
    switch (effect.type) {
      case 'open-socket':
        this.#openSocket()
        break
      case 'close-socket':
        this.#socket?.close(1000)
        break
      case 'drop-socket': {
        const dropped = this.#socket
        this.#socket = undefined
        dropped?.close(1000)
        break
      }
      case 'ask-server':
        void this.#askServer()
    }
  }

  #openSocket(): void {
    const { position } = this.#recovery
    const after = position === undefined ? undefined : encodePosition(position)
    const socket = new WebSocket(subscribeUrl(this.#pageUrl, this.#channel.value ?? '', after), SUBPROTOCOL)
    this.#socket = socket
    const ifCurrent =
      <E extends Event>(listener: (event: E) => void) =>
      (event: E): void => {
        if (this.#socket === socket) listener(event)
      }
    socket.onopen = ifCurrent(() => {
      this.#recovery = resumeRecovery(this.#recovery)
      this.#notices.value = []
      this.#live.value = false
      this.#take({ type: 'socket-opened' })
    })
    socket.onmessage = ifCurrent(({ data }: MessageEvent<unknown>) => this.#receive(data))
    socket.onclose = ifCurrent(({ code, reason }: CloseEvent) => {
      this.#socket = undefined
      this.#take({ type: 'socket-closed', close: { code, reason } })
    })
  }

  #receive(data: unknown): void {
    const parsed = parseStreamLine(typeof data === 'string' ? data : '')
    if (!parsed.ok) {
      this.#problem.value = `The server sent a line that this page cannot read: ${parsed.problem}.`
      return
    }
    const { recovery, told } = receiveLine(this.#recovery, parsed.line)
    this.#recovery = recovery
    batch(() => {
      for (const one of told) this.#tell(one)
      this.#live.value = recovery.step.type === 'live'
    })
  }

  #tell(told: Told): void {
    this.#unshown.push({ ...told, key: ++this.#lastKey })
    if (told.type === 'notice') {
      // The state and the list tell it at the same time.
      batch(() => {
        this.#notices.value = [...this.#notices.value.slice(-1), told.notice]
        this.#show()
      })
      // Timers of a hidden page may be minutes late.
    } else if (this.#unshown.length >= MAX_ROWS) this.#show()
    else this.#showTimer ??= setTimeout(() => this.#show(), SHOW_EVERY_MS)
  }

  #show(): void {
    clearTimeout(this.#showTimer)
    this.#showTimer = undefined
    this.#list.value = addRows(this.#list.value, this.#unshown)
    this.#unshown = []
  }

  /** A browser does not tell why a handshake failed; the same URL over HTTP does. */
  async #askServer(): Promise<void> {
    this.#asking?.abort()
    const asking = new AbortController()
    this.#asking = asking
    const timer = setTimeout(() => asking.abort(), ASK_TIMEOUT_MS)
    const answer = await askServer(channelUrl(this.#pageUrl, this.#channel.value ?? ''), asking.signal)
    clearTimeout(timer)
    if (this.#asking !== asking) return
    this.#asking = undefined
    asking.abort()
    this.#take({ type: 'server-answered', answer })
  }
}

async function askServer(url: URL, signal: AbortSignal): Promise<Answer> {
  try {
    const response = await fetch(url, { headers: { accept: 'text/event-stream' }, cache: 'no-store', signal })
    return response.ok ? { type: 'no-upgrade' } : { type: 'refused', ...(await readRefusal(response)) }
  } catch {
    return { type: 'unreachable' }
  }
}
