import { Redis } from 'ioredis'
import type { ResolvedRedisBrokerOptions } from './redis-broker-options.ts'
import { driverOptions, isUsable, reconnectDelay, tryToConnect } from './redis-driver.ts'
import { describeFailure } from './redis-failure.ts'
import { describeRedis } from './redis-url.ts'
import { addScripts, type ScriptedRedis } from './scripts.ts'

/** Who uses a link. */
export interface LinkUser {
  /** Both connections are ready, for the first time or anew. */
  up(): void
  /** One of them is not any more. Told once for each `up`. */
  down(): void
  /** A message of a sharded channel. */
  live(channel: string, message: Buffer): void
  /** A message of a plain channel. */
  plain(channel: string, message: Buffer): void
}

/**
 * The two connections of a broker: one for scripts, one for subscriptions. Both reconnect by themselves, with jitter;
 * nothing is queued or sent again meanwhile, so that whoever asked knows at once.
 */
export class RedisLink {
  readonly commands: ScriptedRedis
  readonly subscriptions: Redis
  readonly #name: string
  readonly #user: LinkUser
  readonly #options: ResolvedRedisBrokerOptions
  #isUp = false
  #turn = 0
  #closed = false
  /** How often it was up, or nearly, to no avail. The driver counts failed connections only. */
  #fruitless = 0
  #pings: NodeJS.Timeout | undefined
  #failure = 'it has not answered yet'

  constructor(options: ResolvedRedisBrokerOptions, user: LinkUser) {
    this.#options = options
    this.#user = user
    this.#name = describeRedis(options.url)
    const delayMs = (times: number): number => reconnectDelay(times + this.#fruitless, options.maxReconnectDelayMs)
    this.commands = addScripts(new Redis(driverOptions(options, delayMs)))
    this.subscriptions = new Redis(driverOptions(options, delayMs))
    this.subscriptions.on('smessageBuffer', (channel: Buffer, message: Buffer) =>
      user.live(channel.toString(), message),
    )
    this.subscriptions.on('messageBuffer', (channel: Buffer, message: Buffer) =>
      user.plain(channel.toString(), message),
    )
    for (const connection of this.#connections) {
      connection.on('ready', () => this.#ready())
      connection.on('close', () => this.#lost('the connection was lost'))
      connection.on('error', (error: Error) => {
        this.#failure = describeFailure(error)
      })
    }
  }

  /** Grows with every `up` and `down`, and at the end: what began on another turn is over. */
  get turn(): number {
    return this.#turn
  }

  /** Whether scripts can be run now. */
  get canCommand(): boolean {
    return isUsable(this.commands)
  }

  /** Whether both connections work, as far as is known. The driver says a little later that one does not. */
  get isUsable(): boolean {
    return this.#isUp && this.#connections.every(isUsable)
  }

  /** What is wrong, and what to do. */
  get why(): string {
    return `${this.#name} cannot be used: ${this.#failure}. Look whether it runs and whether the URL is right.`
  }

  /**
   * Connects. Resolves when that has succeeded, or failed for the first time, or took longer than any answer may; it
   * goes on trying.
   */
  async start(): Promise<void> {
    if (this.#closed) return
    this.#pings = setInterval(() => this.#ping(), this.#options.pingIntervalMs)
    this.#pings.unref()
    await tryToConnect(this.#connections, this.#options.commandTimeoutMs)
  }

  /** What `up` was told for is done. */
  settled(): void {
    this.#fruitless = 0
  }

  /** Starts over, if it is up: what the connections are told does not get through. It is down when this returns. */
  reset(error: unknown): void {
    if (!this.#isUp || this.#closed) return
    this.#fruitless++
    this.#lost(describeFailure(error))
    // Ending them politely would wait for an answer as well.
    for (const connection of this.#connections) connection.stream.destroy()
  }

  /** Ends both connections. */
  close(): void {
    this.#closed = true
    this.#turn++
    clearInterval(this.#pings)
    this.#failure = 'it was closed'
    for (const connection of this.#connections) connection.disconnect()
  }

  get #connections(): readonly Redis[] {
    return [this.commands, this.subscriptions]
  }

  #ready(): void {
    if (this.#isUp || this.#connections.some(({ status }) => status !== 'ready')) return
    this.#isUp = true
    this.#turn++
    this.#failure = 'the connection is being made'
    this.#user.up()
  }

  #lost(why: string): void {
    if (!this.#isUp || this.#closed) return
    this.#isUp = false
    this.#turn++
    this.#failure = why
    this.#user.down()
  }

  /** A machine that is gone says nothing: only asking finds out. */
  #ping(): void {
    if (!this.#isUp) return
    for (const connection of this.#connections) {
      connection.ping().catch((error: unknown) => this.reset(error))
    }
  }
}
