import { Redis, type RedisOptions } from 'ioredis'
import type { ResolvedRedisBrokerOptions } from './redis-broker-options.ts'
import { describeRedis, redisOptionsOf } from './redis-url.ts'
import { addScripts, type ScriptedRedis } from './scripts.ts'

const FIRST_RECONNECT_DELAY_MS = 50
/** Sharded pub/sub came with Redis 7. */
const LOWEST_MAJOR_VERSION = 7

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
  #closed = false
  #pings: NodeJS.Timeout | undefined
  #failure = 'It has not answered yet.'

  constructor(options: ResolvedRedisBrokerOptions, user: LinkUser) {
    this.#options = options
    this.#user = user
    this.#name = describeRedis(options.url)
    this.commands = addScripts(new Redis(driverOptions(options)))
    this.subscriptions = new Redis(driverOptions(options))
    this.subscriptions.on('smessageBuffer', (channel: Buffer, message: Buffer) =>
      user.live(channel.toString(), message),
    )
    this.subscriptions.on('messageBuffer', (channel: Buffer, message: Buffer) =>
      user.plain(channel.toString(), message),
    )
    for (const connection of this.#connections) {
      connection.on('ready', () => this.#ready(connection))
      connection.on('close', () => this.#lost())
      connection.on('error', (error: Error) => {
        this.#failure = messageOf(error)
      })
    }
  }

  /** Whether scripts can be run now. */
  get canCommand(): boolean {
    return this.commands.status === 'ready'
  }

  /** What is wrong, and what to do. */
  get why(): string {
    return `${this.#name} cannot be reached: ${this.#failure.replace(/\.$/, '')}. Look whether it runs and whether the URL is right.`
  }

  /** Connects. Resolves when that has succeeded, or failed for the first time; it goes on trying. */
  async start(): Promise<void> {
    this.#pings = setInterval(() => this.#ping(), this.#options.pingIntervalMs)
    this.#pings.unref()
    const tried = this.#connections.map((connection) => connection.connect().catch(() => {}))
    await Promise.all(tried)
  }

  /** Starts over: what the connections are told does not get through. */
  reset(error: unknown): void {
    this.#failure = messageOf(error)
    for (const connection of this.#connections) connection.disconnect(true)
  }

  /** Ends both connections. */
  close(): void {
    this.#closed = true
    clearInterval(this.#pings)
    for (const connection of this.#connections) connection.disconnect()
  }

  get #connections(): readonly Redis[] {
    return [this.commands, this.subscriptions]
  }

  #ready(connection: Redis): void {
    const version = versionOf(connection)
    if (Number.parseInt(version, 10) < LOWEST_MAJOR_VERSION) {
      this.#failure = `it is version ${version}, and sharded pub/sub needs ${LOWEST_MAJOR_VERSION}.0`
      connection.disconnect(true)
      return
    }
    if (this.#isUp || this.#connections.some(({ status }) => status !== 'ready')) return
    this.#isUp = true
    this.#user.up()
  }

  #lost(): void {
    if (!this.#isUp || this.#closed) return
    this.#isUp = false
    this.#failure = 'the connection was lost'
    this.#user.down()
  }

  /** A machine that is gone says nothing: only asking finds out. */
  #ping(): void {
    if (!this.#isUp) return
    for (const connection of this.#connections) {
      connection.ping().catch((error: unknown) => {
        if (this.#closed || connection.status !== 'ready') return
        this.#failure = messageOf(error)
        // Ending it politely would wait for an answer as well.
        connection.stream.destroy()
      })
    }
  }
}

function driverOptions({
  url,
  client,
  commandTimeoutMs,
  maxReconnectDelayMs,
}: ResolvedRedisBrokerOptions): RedisOptions & {
  replyMapping: 'legacy'
} {
  return {
    connectionName: 'wigwag',
    connectTimeout: commandTimeoutMs,
    ...redisOptionsOf(url),
    ...client,
    lazyConnect: true,
    replyMapping: 'legacy',
    commandTimeout: commandTimeoutMs,
    // Whoever asks hears of it at once, and nothing is done later that was given up.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // The broker subscribes anew by itself, because it has to know when that is done.
    autoResubscribe: false,
    retryStrategy: (times) => reconnectDelay(times, maxReconnectDelayMs),
    sentinelRetryStrategy: (times) => reconnectDelay(times, maxReconnectDelayMs),
    // A master that became a replica refuses to write: the next connection finds the new one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  }
}

/** Full jitter: many nodes that lost the same Redis do not come back at the same moment. */
function reconnectDelay(times: number, maxMs: number): number {
  return Math.ceil(Math.random() * Math.min(maxMs, FIRST_RECONNECT_DELAY_MS * 2 ** Math.min(times - 1, 20)))
}

function versionOf(connection: Redis): string {
  // What the driver asked before it was ready.
  const { serverInfo } = connection as Redis & { serverInfo?: { redis_version?: string } }
  return serverInfo?.redis_version ?? '7'
}

/** Node hides what went wrong with each address of a name in an error without a message. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}
