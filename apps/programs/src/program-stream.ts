import { addressOf, fetchPageInfo, type PageInfo } from './page-info.ts'

/** How it stands between the page and the program. */
export type StreamState =
  | { readonly phase: 'connecting' }
  | { readonly phase: 'open' }
  | { readonly phase: 'waiting'; readonly untilMs: number }
  | { readonly phase: 'ended'; readonly text: string }

/** What a stream tells. */
export interface StreamListener {
  line(text: string, timeMs: number): void
  /** Lines were missed and cannot be had any more. */
  gap(): void
  /** What names the columns of the lines that follow was said before them. Who does not listen for it is not told. */
  header?(line: string): void
  state(state: StreamState): void
}

/** A line of a shared program, and its place. */
interface Publication {
  /** None where the channel keeps no history. */
  readonly offset: number | undefined
  readonly time: number
  readonly data: string
}

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 10_000
/** Silence after which the server is asked whether a shared program has ended, in milliseconds: its channel does not tell. */
const ASK_AFTER_MS = 2000

/**
 * A program's lines. Those of a shared program come with their positions, so that the page goes on where it was when it has lost
 * its connection. A program of one's own ends with the connection; a new one is started when asked for.
 */
export class ProgramStream {
  readonly #info: PageInfo
  readonly #listener: StreamListener
  #socket: WebSocket | undefined
  #timer: number | undefined
  #failures = 0
  /** Behind what was told already: `EPOCH:OFFSET`. */
  #after = 'none:0'
  #isFirst = true
  #heardMs = Date.now()
  #asking: number | undefined
  /** Lines that wait for the one that names their columns. */
  #held: Publication[] | undefined

  constructor(info: PageInfo, listener: StreamListener) {
    this.#info = info
    this.#listener = listener
    // Who wakes up, or has a network again, does not wait.
    window.addEventListener('online', () => this.#hurry())
    document.addEventListener('visibilitychange', () => this.#hurry())
  }

  /** Connects, now. */
  connect(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const previous = this.#socket
    this.#socket = undefined
    previous?.close()
    this.#listener.state({ phase: 'connecting' })
    if (this.#info.mode === 'shared')
      this.#asking ??= window.setInterval(() => void this.#askWhetherItEnded(), ASK_AFTER_MS)
    const socket = this.#open()
    socket.binaryType = 'arraybuffer'
    this.#socket = socket
    socket.onopen = () => {
      this.#failures = 0
      this.#listener.state({ phase: 'open' })
    }
    socket.onmessage = ({ data }) => this.#message(data)
    socket.onclose = (event) => {
      if (this.#socket === socket) this.#closed(event)
    }
  }

  #open(): WebSocket {
    const { mode, channel } = this.#info
    if (mode === 'per-connection') return new WebSocket(webSocketUrl(`./${location.search}`))
    const path = `channel/${encodeURIComponent(channel)}?after=${encodeURIComponent(this.#after)}&live=1`
    return new WebSocket(webSocketUrl(path), 'wigwag.publication.v1')
  }

  #message(data: unknown): void {
    if (typeof data !== 'string') return
    this.#heardMs = Date.now()
    if (this.#info.mode === 'per-connection') {
      this.#listener.line(data, Date.now())
      return
    }
    const packet = JSON.parse(data) as { offset?: number; epoch?: string; time?: number; data?: unknown; gap?: unknown }
    if (packet.gap !== undefined) {
      // Whoever has seen nothing yet has missed nothing.
      if (!this.#isFirst) this.#listener.gap()
      if (this.#listener.header !== undefined) void this.#askForHeader()
    } else if (packet.data !== undefined) {
      const { offset, time = Date.now(), data: line } = packet
      if (offset !== undefined) this.#after = `${packet.epoch}:${offset}`
      this.#isFirst = false
      if (typeof line !== 'string') return
      if (this.#held !== undefined) this.#held.push({ offset, time, data: line })
      else this.#listener.line(line, time)
    }
  }

  /** Many programs name their columns once, in a line that may be older than what is kept. */
  async #askForHeader(): Promise<void> {
    if (this.#held !== undefined) return
    const held: Publication[] = []
    this.#held = held
    const { header } = await fetchPageInfo().catch((): Partial<PageInfo> => ({}))
    this.#held = undefined
    const before = held[0]?.offset ?? Number.POSITIVE_INFINITY
    if (header !== undefined && header.offset < before) this.#listener.header?.(header.line)
    for (const { data, time } of held) this.#listener.line(data, time)
  }

  #closed({ code, reason }: CloseEvent): void {
    this.#socket = undefined
    const hasEnded = code === 1000 || (code >= 4000 && code < 4256) || (code === 1011 && reason !== '')
    if (this.#info.mode === 'per-connection' && hasEnded) {
      this.#listener.state({ phase: 'ended', text: reason || 'The program has ended' })
      return
    }
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures++) * (0.5 + Math.random() / 2)
    this.#timer = window.setTimeout(() => this.connect(), waitMs)
    this.#listener.state({ phase: 'waiting', untilMs: Date.now() + waitMs })
  }

  async #askWhetherItEnded(): Promise<void> {
    const socket = this.#socket
    if (socket?.readyState !== WebSocket.OPEN || Date.now() - this.#heardMs < ASK_AFTER_MS) return
    const { ended } = await fetchPageInfo().catch((): Partial<PageInfo> => ({}))
    if (ended === undefined || this.#socket !== socket) return
    clearInterval(this.#asking)
    this.#socket = undefined
    socket.close()
    this.#listener.state({ phase: 'ended', text: ended })
  }

  #hurry(): void {
    if (this.#timer !== undefined && !document.hidden) this.connect()
  }
}

function webSocketUrl(path: string): string {
  return addressOf(path).replace(/^http/, 'ws')
}
