import { once } from 'node:events'
import type { Socket } from 'node:net'
import { type NodeWebSocket, nodeDeflate, PreparedMessage, WebSocketServer } from '@wigwag/socket'
import { type DeflatePort, PerMessageDeflate } from '@wigwag/socket/core'
import { WebSocket } from 'ws'

/** How much traffic. */
export interface TrafficOptions {
  /** Subscribers at any time (count). */
  readonly subscribers: number
  /** Turns with one message to channel A in each and one to channel B in every other. */
  readonly steps: number
  /** Whether the server lets windows outlast messages, where the client does not refuse. */
  readonly takeover: boolean
}

/** What came of it. */
export interface TrafficFigures {
  readonly messages: number
  /** Sends of them that were accepted (count). */
  readonly deliveries: number
  readonly joined: number
  readonly left: number
  readonly replies: number
  /** Sends that the slow subscriber was refused (count). */
  readonly dropped: number
  /** Most compressions of one message for one kind of compressor (count). */
  readonly mostCompressions: number
  /** Compressions of a message for one kind of compressor, on average. */
  readonly meanCompressions: number
  /** Bytes that subscribers read from their sockets, but for the slow one. */
  readonly wireBytes: number
  /** What of it were messages to channels and replies, before compression. */
  readonly plainBytes: number
  /** Messages that an inflater did not give back as they were sent, or in another order (count). */
  readonly wrong: number
}

/** The last of them is not offered: what such a client sends has a window of 32 KiB, or none. */
const OFFERS = [
  {},
  {},
  {},
  { serverMaxWindowBits: 9 },
  { serverMaxWindowBits: 11 },
  { serverNoContextTakeover: true },
  { clientMaxWindowBits: false as unknown as number },
] as const
const WORDS = 'amber basalt cedar delta ember fjord garnet harbor indigo juniper kestrel lagoon'.split(' ')
const MAX_QUEUED_BYTES = 256 * 1024

type Channel = 'A' | 'B'

/** One client of `ws`, whose inflater lives as long as the connection, and our end of it. */
class Subscriber {
  readonly channels: readonly Channel[]
  readonly #client: WebSocket
  readonly #expected: string[] = []
  readonly #wrong: () => void
  socket: NodeWebSocket | undefined
  #line: Socket | undefined
  #received = 0
  #caughtUp: (() => void) | undefined
  #lost: ((error: Error) => void) | undefined

  constructor(url: string, perMessageDeflate: object, channels: readonly Channel[], wrong: () => void) {
    this.channels = channels
    this.#wrong = wrong
    this.#client = new WebSocket(url, { perMessageDeflate })
    this.#client.on('upgrade', (response) => {
      this.#line = response.socket
    })
    this.#client.on('error', wrong)
    this.#client.on('close', (code) => this.#lost?.(new Error(`A subscriber lost its connection: ${code}`)))
    this.#client.on('message', (data: Buffer) => this.#take(data.toString('latin1')))
  }

  async opened(): Promise<void> {
    await once(this.#client, 'open')
  }

  /** Sends by the server; the client then waits for it. */
  send(message: string | PreparedMessage): boolean {
    const status = this.socket?.send(message)
    const isAccepted = status === 'ok' || status === 'queued'
    if (isAccepted) this.#expected.push(typeof message === 'string' ? message : String(message.data))
    return isAccepted
  }

  /** Whether all that was sent has come. */
  async caughtUp(): Promise<void> {
    if (this.#received === this.#expected.length) return
    await new Promise<void>((resolve, reject) => {
      this.#caughtUp = resolve
      this.#lost = reject
      if (this.#client.readyState !== WebSocket.OPEN) reject(new Error('A subscriber lost its connection'))
    })
  }

  get bytesRead(): number {
    return this.#line?.bytesRead ?? 0
  }

  pause(): void {
    this.#client.pause()
  }

  resume(): void {
    this.#client.resume()
  }

  terminate(): void {
    this.#client.terminate()
  }

  #take(text: string): void {
    if (text !== this.#expected[this.#received++]) this.#wrong()
    if (this.#received === this.#expected.length) this.#caughtUp?.()
  }
}

/**
 * Traffic as a hub has it: two channels, subscribers to one or both that come and go, replies to one alone between the
 * messages to all, windows of several sizes and none, and one subscriber that does not read for half of the time. The same
 * for the same options, but for how much the operating system takes from a server for a client that does not read.
 */
export async function runTraffic(options: TrafficOptions): Promise<TrafficFigures> {
  const traffic = new Traffic(options)
  await traffic.open()
  try {
    return await traffic.run()
  } finally {
    await traffic.close()
  }
}

class Traffic {
  readonly #options: TrafficOptions
  readonly #random = generator(42)
  readonly #compressions = new Map<object, number>()
  readonly #arrived = new Map<string, (socket: NodeWebSocket) => void>()
  readonly #server: WebSocketServer<unknown>
  readonly #subscribers: Subscriber[] = []
  #port = 0
  readonly #count = { messages: 0, deliveries: 0, joined: 0, left: 0, replies: 0, dropped: 0, wrong: 0 }
  #kinds = 0
  #compressed = 0
  #mostCompressions = 0
  #wireBytes = 0
  #plainBytes = 0

  constructor(options: TrafficOptions) {
    this.#options = options
    const port: DeflatePort = {
      ...nodeDeflate,
      deflate: (plain, dictionary, settings) => {
        this.#compressions.set(settings, (this.#compressions.get(settings) ?? 0) + 1)
        return nodeDeflate.deflate(plain, dictionary, settings)
      },
    }
    const deflate = { thresholdBytes: 64, serverNoContextTakeover: !options.takeover }
    this.#server = new WebSocketServer<unknown>({
      extensions: [new PerMessageDeflate(deflate, port)],
      maxQueuedBytes: MAX_QUEUED_BYTES,
      slowReader: 'drop',
      // Who does not read answers no pings.
      pingIntervalMs: 0,
      authorize: () => undefined,
      open: (socket) => this.#arrived.get(socket.target)?.(socket),
    })
  }

  async open(): Promise<void> {
    this.#port = (await this.#server.listen({ port: 0, host: '127.0.0.1' })).port
    await this.#join(this.#options.subscribers)
  }

  async close(): Promise<void> {
    for (const subscriber of this.#subscribers) subscriber.terminate()
    this.#server.terminate()
    await this.#server.close()
  }

  async run(): Promise<TrafficFigures> {
    const { steps, subscribers } = this.#options
    const slow = this.#subscribers[0] as Subscriber
    for (let step = 0; step < steps; step++) {
      if (step === Math.floor(steps / 4)) this.#slowDown(slow)
      if (step === Math.floor((steps * 3) / 4)) slow.resume()
      this.#publish('A')
      for (let i = 0; i < 3; i++) this.#reply(slow)
      if (step % 2 === 1) this.#publish('B')
      if (step % 10 === 9) {
        const some = Math.ceil(subscribers / 100)
        for (let i = 0; i < some; i++) this.#leave()
        await this.#join(some)
        await this.#allCaughtUp(slow)
      }
      await turn()
    }
    await this.#allCaughtUp(undefined)
    for (const subscriber of this.#subscribers) if (subscriber !== slow) this.#wireBytes += subscriber.bytesRead
    return {
      ...this.#count,
      mostCompressions: this.#mostCompressions,
      meanCompressions: this.#compressed / this.#kinds,
      wireBytes: this.#wireBytes,
      plainBytes: this.#plainBytes,
    }
  }

  async #allCaughtUp(butFor: Subscriber | undefined): Promise<void> {
    const others = this.#subscribers.filter((subscriber) => subscriber !== butFor)
    await Promise.all(others.map((subscriber) => subscriber.caughtUp()))
  }

  async #join(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const name = this.#count.joined++
      const chance = this.#random() % 100
      const channels = chance < 45 ? (['A'] as const) : chance < 85 ? (['B'] as const) : (['A', 'B'] as const)
      const target = `/${name}`
      const arrived = new Promise<NodeWebSocket>((resolve) => this.#arrived.set(target, resolve))
      const url = `ws://127.0.0.1:${this.#port}${target}`
      // The first has both channels and a window, so that there is something to be refused.
      const [offer, own] =
        name === 0 ? [OFFERS[0], ['A', 'B'] as const] : [OFFERS[this.#random() % OFFERS.length] ?? {}, channels]
      const subscriber = new Subscriber(url, offer, own, () => {
        this.#count.wrong++
      })
      await subscriber.opened()
      subscriber.socket = await arrived
      this.#arrived.delete(target)
      this.#subscribers.push(subscriber)
    }
  }

  /** Anybody but the slow one. */
  #leave(): void {
    const [subscriber] = this.#subscribers.splice(1 + (this.#random() % (this.#subscribers.length - 1)), 1)
    if (subscriber === undefined) return
    this.#count.left++
    this.#wireBytes += subscriber.bytesRead
    subscriber.terminate()
  }

  /** The client stops reading, and is sent what does not get smaller, until nothing more is taken. */
  #slowDown(slow: Subscriber): void {
    slow.pause()
    for (const size of [16 * 1024, 1024, 60]) {
      for (let isTaken = true; isTaken; ) isTaken = slow.send(this.#noise(size))
    }
  }

  #publish(channel: Channel): void {
    const text = this.#quote(channel)
    const message = new PreparedMessage(text)
    this.#compressions.clear()
    for (const subscriber of this.#subscribers) {
      if (!subscriber.channels.includes(channel)) continue
      if (subscriber.send(message)) {
        this.#count.deliveries++
        this.#plainBytes += text.length
      } else this.#count.dropped++
    }
    this.#count.messages++
    for (const count of this.#compressions.values()) {
      this.#kinds++
      this.#compressed += count
      this.#mostCompressions = Math.max(this.#mostCompressions, count)
    }
  }

  /** Mostly a few bytes, sometimes more than a window. */
  #reply(slow: Subscriber): void {
    const random = this.#random()
    const subscriber = this.#subscribers[random % this.#subscribers.length] as Subscriber
    if (subscriber === slow) return
    const items = random % 50 === 0 ? 100 : 1
    const text = JSON.stringify({ id: random, reply: 'ok', items: Array.from({ length: items }, () => this.#word()) })
    if (subscriber.send(text)) this.#plainBytes += text.length
    this.#count.replies++
  }

  #quote(channel: Channel): string {
    const [a, b, c] = [this.#random(), this.#random(), this.#random()]
    const user = `${this.#word()}.${this.#word()}${a % 100}`
    const at = `2026-11-20T10:${10 + (a % 50)}:${10 + (b % 50)}.${100 + (c % 900)}Z`
    return JSON.stringify({ channel, id: a, type: 'updated', user, price: (b % 1e5) / 100, quantity: c % 1000, at })
  }

  #word(): string {
    return WORDS[this.#random() % WORDS.length] as string
  }

  #noise(bytes: number): string {
    return Array.from({ length: bytes }, () => String.fromCharCode(33 + (this.#random() % 90))).join('')
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Numbers that look random and are the same in every run. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x6d2b_79f5) | 0
    return (state ^ (state >>> 13)) >>> 4
  }
}
