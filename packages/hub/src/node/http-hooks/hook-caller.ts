import type { Agent, RequestOptions } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { decodeUtf8 } from '../request-body.ts'
import { AnswerFault } from './answer-fault.ts'
import { CallLane } from './call-lane.ts'
import { type Exchanged, exchange } from './exchange.ts'
import { HookError, type HookErrorCode } from './hook-error.ts'
import { HOOKS, type HookName } from './hook-name.ts'
import type { ResolvedHook, ResolvedHttpHooksOptions } from './http-hooks-options.ts'
import { signBody } from './sign-body.ts'

/** What the calls of one hook came to so far. */
export interface HookStats {
  /** Calls that got an answer that counts (count). */
  readonly answered: number
  /** Those that came to nothing; for `disconnected`: what the back end does not know (count). */
  readonly failed: number
  /** Those under way (count). */
  readonly running: number
  /** Those that wait for their turn, or for their next try (count). */
  readonly waiting: number
}

/** What all hooks have in common. */
export interface HookCallerContext {
  readonly options: ResolvedHttpHooksOptions
  /** Keeps connections. */
  readonly agent: Agent
  readonly nowMs: () => number
}

/** Reads an answer's JSON text. Throws `AnswerFault` when it says nothing. */
export type ReadAnswer<T> = (text: string) => T

/** How a call is made. */
export interface CallOptions {
  /** Headers besides those of every call. */
  readonly headers?: Readonly<Record<string, string>>
  /** Whether it is tried again after a failure, because no client waits for the answer. Default: it is not. */
  readonly tries?: 'one' | 'several'
}

/** Calls one hook of the back end: so many at a time, in time, and with its answers read or refused. */
export class HookCaller {
  readonly name: HookName
  readonly #hook: ResolvedHook
  readonly #context: HookCallerContext
  readonly #lane: CallLane
  readonly #count = { answered: 0, failed: 0 }
  /** Of what is waited for: turns, answers, the time of the next try. */
  readonly #aborts = new Set<AbortController>()
  #open = 0
  #openCharacters = 0
  #isClosed = false
  #isGivenUp = false
  readonly #tellIdle = new Set<() => void>()

  constructor(name: HookName, hook: ResolvedHook, context: HookCallerContext) {
    this.name = name
    this.#hook = hook
    this.#context = context
    this.#lane = new CallLane(hook.maxConcurrentCalls)
  }

  get stats(): HookStats {
    const { running } = this.#lane
    return { ...this.#count, running, waiting: this.#open - running }
  }

  /** Posts `fields` and reads the answer. Rejects with `HookError`, which `onFailure` was told of. */
  async call<T>(fields: object, read: ReadAnswer<T>, options?: CallOptions): Promise<T> {
    return this.send(this.bodyOf(fields), read, options)
  }

  /** What is posted. */
  bodyOf(fields: object): string {
    return JSON.stringify({ event: HOOKS[this.name].event, ...fields })
  }

  /** `call`, with what `bodyOf` made. */
  async send<T>(body: string, read: ReadAnswer<T>, options: CallOptions = {}): Promise<T> {
    try {
      this.#assertNotFull(body)
      this.#open++
      this.#openCharacters += body.length
      try {
        const answer = await this.#attempt(body, read, options)
        this.#count.answered++
        return answer
      } finally {
        this.#open--
        this.#openCharacters -= body.length
        if (this.#open === 0) for (const tell of this.#tellIdle) tell()
      }
    } catch (error) {
      this.failed(error as HookError)
      throw error
    }
  }

  /** Counts a call that came to nothing. */
  failed(error: HookError): void {
    this.#count.failed++
    try {
      this.#context.options.onFailure(error)
    } catch {}
  }

  /** Takes no more calls; resolves when those at hand are over, or have been given up after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true
    if (this.#open === 0) return
    const giveUp = (): void => {
      this.#isGivenUp = true
      for (const abort of this.#aborts) abort.abort(this.#failure('ERR_HOOK_CLOSED', 'the hooks are closed.'))
    }
    const timer = setTimeout(giveUp, timeoutMs)
    await new Promise<void>((resolve) => {
      this.#tellIdle.add(resolve)
    })
    clearTimeout(timer)
  }

  #assertNotFull(body: string): void {
    const { maxConcurrentCalls, maxQueuedCalls } = this.#hook
    const { maxQueuedCharacters } = this.#context.options
    if (this.#isClosed) throw this.#failure('ERR_HOOK_CLOSED', 'the hooks are closed.')
    if (this.#open >= maxConcurrentCalls + maxQueuedCalls) {
      throw this.#failure('ERR_HOOK_BUSY', `${this.#open} calls wait already (maxQueuedCalls).`)
    }
    if (this.#openCharacters + body.length > maxQueuedCharacters) {
      throw this.#failure('ERR_HOOK_BUSY', `${this.#openCharacters} characters wait already (maxQueuedCharacters).`)
    }
  }

  async #attempt<T>(body: string, read: ReadAnswer<T>, { headers = {}, tries = 'one' }: CallOptions): Promise<T> {
    const { maxAttempts, retryDelayMs } = this.#context.options
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#try(body, headers, read)
      } catch (error) {
        const failure = this.#failureOf(error)
        if (tries === 'one' || attempt === maxAttempts || this.#isGivenUp) throw failure
        await this.#pause(retryDelayMs * 2 ** (attempt - 1), failure)
      }
    }
  }

  /** Rejects with the failure when nothing is waited for any more. */
  async #pause(delayMs: number, failure: HookError): Promise<void> {
    const abort = new AbortController()
    this.#aborts.add(abort)
    try {
      // Not all at once, when the back end was away for all of them.
      await delay(delayMs * (0.5 + Math.random()), undefined, { signal: abort.signal })
    } catch {
      throw failure
    } finally {
      this.#aborts.delete(abort)
    }
  }

  async #try<T>(body: string, headers: Readonly<Record<string, string>>, read: ReadAnswer<T>): Promise<T> {
    const { timeoutMs } = this.#hook
    const abort = new AbortController()
    const timer = setTimeout(() => {
      abort.abort(this.#failure('ERR_HOOK_TIMEOUT', `no whole answer in ${timeoutMs} ms (timeoutMs).`))
    }, timeoutMs)
    this.#aborts.add(abort)
    try {
      await this.#lane.enter(abort.signal)
      try {
        return read(this.#textOf(await this.#exchange(body, headers, abort.signal)))
      } finally {
        this.#lane.leave()
      }
    } finally {
      clearTimeout(timer)
      this.#aborts.delete(abort)
    }
  }

  async #exchange(body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Exchanged> {
    const { options, agent, nowMs } = this.#context
    const { secrets, maxAnswerBytes, tls } = options
    const request = {
      url: this.#hook.url,
      headers: secrets.length === 0 ? headers : { ...headers, 'wigwag-signature': signBody(secrets, body, nowMs()) },
      body,
      maxAnswerBytes,
      signal,
    }
    const exchanged = await exchange({ ...request, options: { agent } })
    // A server may close what it kept just when it is used again; another kept connection may be gone as well.
    if (exchanged.type !== 'stale' || HOOKS[this.name].kind === 'order') return exchanged
    const ofItsOwn: RequestOptions = { agent: false, ...tls }
    return exchange({ ...request, options: ofItsOwn })
  }

  #textOf(exchanged: Exchanged): string {
    switch (exchanged.type) {
      case 'stale':
        throw this.#failure('ERR_HOOK_UNREACHABLE', 'the connection was closed; perhaps the call has arrived.')
      case 'too-large':
        throw new AnswerFault(`is larger than ${this.#context.options.maxAnswerBytes} bytes (maxAnswerBytes)`)
      case 'encoded':
        throw new AnswerFault(`has Content-Encoding ${JSON.stringify(exchanged.encoding)}, which was not asked for`)
      case 'answer': {
        const { status, body } = exchanged
        if (status >= 300 && status < 400) throw new AnswerFault(`is a redirect (${status}), which is not followed`)
        // What was told needs no more than that it arrived.
        const isGood = status === 200 || (this.name === 'disconnected' && body !== undefined)
        if (!isGood || body === undefined) throw new AnswerFault(`has status ${status}, not 200`)
        const text = decodeUtf8(body)
        if (text === undefined) throw new AnswerFault('is not UTF-8')
        return text
      }
    }
  }

  #failureOf(error: unknown): HookError {
    if (error instanceof HookError) return error
    if (error instanceof AnswerFault) return this.#failure('ERR_HOOK_ANSWER', `the answer ${error.message}.`)
    const { code, message } = error as NodeJS.ErrnoException
    const { origin, pathname } = this.#hook.url
    return this.#failure('ERR_HOOK_UNREACHABLE', `${origin}${pathname} could not be asked: ${code ?? message}.`)
  }

  #failure(code: HookErrorCode, message: string): HookError {
    return new HookError(code, this.name, message)
  }
}
