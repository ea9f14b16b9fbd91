import type { HookCaller, HookStats } from './hook-caller.ts'
import { HookError, type HookErrorCode } from './hook-error.ts'
import type { ResolvedHook, ResolvedHttpHooksOptions } from './http-hooks-options.ts'

/**
 * Tells the back end what nobody waits for: in its order, so many at a time. What waits is text and nothing else, as a
 * node whose sessions all end at once has much to tell; while the back end is away it waits, until there is no room.
 */
export class HookTeller {
  readonly #caller: HookCaller
  readonly #hook: ResolvedHook
  readonly #maxQueuedCharacters: number
  /** Bodies, the latest last. */
  #arrived: string[] = []
  /** Bodies that came before those, the earliest last. */
  #next: string[] = []
  #characters = 0
  #running = 0
  #isClosed = false
  readonly #tellIdle = new Set<() => void>()

  constructor(caller: HookCaller, hook: ResolvedHook, { maxQueuedCharacters }: ResolvedHttpHooksOptions) {
    this.#caller = caller
    this.#hook = hook
    this.#maxQueuedCharacters = maxQueuedCharacters
  }

  get stats(): HookStats {
    const { stats } = this.#caller
    return { ...stats, waiting: stats.waiting + this.#waiting }
  }

  /** Tells it when there is a turn. What there is no room for is counted, and lost. */
  tell(fields: object): void {
    const body = this.#caller.bodyOf(fields)
    const { maxQueuedCalls, maxConcurrentCalls } = this.#hook
    if (this.#isClosed) this.#lose('ERR_HOOK_CLOSED', 'the hooks are closed.')
    else if (this.#running < maxConcurrentCalls) void this.#run(body)
    else if (this.#waiting >= maxQueuedCalls || this.#characters + body.length > this.#maxQueuedCharacters) {
      this.#lose('ERR_HOOK_BUSY', `${this.#waiting} calls wait already (maxQueuedCalls, maxQueuedCharacters).`)
    } else {
      this.#arrived.push(body)
      this.#characters += body.length
    }
  }

  /** Takes nothing more; resolves when all is told, or has been given up after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true
    const giveUp = (): void => {
      while (this.#take() !== undefined) this.#lose('ERR_HOOK_CLOSED', 'the hooks are closed.')
      void this.#caller.close(0)
    }
    const timer = setTimeout(giveUp, timeoutMs)
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#tellIdle.add(resolve)
      })
    }
    clearTimeout(timer)
    await this.#caller.close(0)
  }

  get #waiting(): number {
    return this.#arrived.length + this.#next.length
  }

  /** Tells one, and what waits behind it. */
  async #run(first: string): Promise<void> {
    this.#running++
    for (let body: string | undefined = first; body !== undefined; body = this.#take()) {
      // A failure was counted, and `onFailure` was told.
      await this.#caller.send(body, () => {}, { tries: 'several' }).catch(() => {})
    }
    this.#running--
    if (this.#running === 0) for (const tell of this.#tellIdle) tell()
  }

  #take(): string | undefined {
    if (this.#next.length === 0) {
      this.#next = this.#arrived.reverse()
      this.#arrived = []
    }
    const body = this.#next.pop()
    this.#characters -= body?.length ?? 0
    return body
  }

  #lose(code: HookErrorCode, message: string): void {
    this.#caller.failed(new HookError(code, this.#caller.name, message))
  }
}
