import { HubError, type HubErrorCode } from '@wigwag/hub'
import { Redis } from 'ioredis'
import { driverOptions, isUsable, reconnectDelay, tryToConnect } from './redis-driver.ts'
import { describeFailure, hasTimedOut } from './redis-failure.ts'
import type { ResolvedRedisLineOptions } from './redis-line-options.ts'
import { describeRedis } from './redis-url.ts'

/**
 * One connection for requests. It is made when the first one comes, and reconnects by itself, with jitter; nothing is
 * queued or sent again meanwhile, so that whoever asked knows at once.
 */
export class RedisLine<Scripted extends Redis = Redis> {
  readonly #redis: Scripted
  readonly #name: string
  readonly #options: ResolvedRedisLineOptions
  readonly #code: HubErrorCode
  #opened: Promise<void> | undefined
  #pings: NodeJS.Timeout | undefined
  #isClosed = false
  #isReady = false
  /** How often it was ready and did not answer. The driver counts failed connections only. */
  #fruitless = 0
  #failure = 'it has not answered yet'

  /** Requests that fail reject with `HubError` `code`; `teach` gives the connection its scripts. */
  constructor(options: ResolvedRedisLineOptions, code: HubErrorCode, teach: (redis: Redis) => Scripted) {
    this.#options = options
    this.#code = code
    this.#name = describeRedis(options.url)
    const delayMs = (attempt: number): number => reconnectDelay(attempt + this.#fruitless, options.maxReconnectDelayMs)
    this.#redis = teach(new Redis(driverOptions(options, delayMs)))
    this.#redis.on('ready', () => {
      this.#isReady = true
    })
    this.#redis.on('close', () => {
      if (this.#isReady) this.#failure = 'the connection was lost'
      this.#isReady = false
    })
    this.#redis.on('error', (error: Error) => {
      this.#failure = describeFailure(error)
    })
  }

  /** Asks Redis. Rejects with `HubError`: then it has not answered, or refused. */
  async ask<Answer>(request: (redis: Scripted) => Promise<Answer>): Promise<Answer> {
    if (!isUsable(this.#redis)) await this.#open()
    if (!isUsable(this.#redis)) throw this.#unusable()
    try {
      const answer = await request(this.#redis)
      this.#fruitless = 0
      return answer
    } catch (error) {
      this.#drop(error)
      throw new HubError(this.#code, `${this.#name} failed: ${describeFailure(error)}.`, { cause: error })
    }
  }

  /** Ends the connection. */
  close(): void {
    this.#isClosed = true
    this.#isReady = false
    clearInterval(this.#pings)
    this.#failure = 'it was closed'
    this.#redis.disconnect()
  }

  /** Resolves when the first attempt to connect has ended. */
  async #open(): Promise<void> {
    if (this.#isClosed) return
    if (this.#opened === undefined) {
      // A machine that is gone says nothing: only asking finds out. And what is never used is cut on some ways.
      this.#pings = setInterval(() => this.#ping(), this.#options.pingIntervalMs)
      this.#pings.unref()
      this.#opened = tryToConnect([this.#redis], this.#options.commandTimeoutMs)
    }
    await this.#opened
  }

  #ping(): void {
    if (isUsable(this.#redis)) this.#redis.ping().catch((error: unknown) => this.#drop(error))
  }

  /** A connection without an answer may be dead: it is made anew. Ending it politely would wait for an answer as well. */
  #drop(error: unknown): void {
    if (!hasTimedOut(error) || !this.#isReady) return
    this.#isReady = false
    this.#fruitless++
    this.#failure = describeFailure(error)
    this.#redis.stream.destroy()
  }

  #unusable(): HubError {
    const advice = this.#isClosed ? '' : ' Look whether it runs and whether the URL is right.'
    return new HubError(this.#code, `${this.#name} cannot be used: ${this.#failure}.${advice}`)
  }
}
