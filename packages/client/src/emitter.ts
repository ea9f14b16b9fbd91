/** Tells listeners what happens, in the order in which they came. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>()
  readonly #report: (error: unknown) => void

  /** `report` is given what listeners throw: it is nobody else's fault. */
  constructor(report: (error: unknown) => void) {
    this.#report = report
  }

  /** Listens until the function that it returns is called, or the signal is aborted. */
  on<Name extends keyof Events>(
    name: Name,
    listener: (event: Events[Name]) => void,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners)
    // Each call its own, were it the same function twice.
    const own = (event: never): void => listener(event)
    const off = (): void => {
      listeners.delete(own)
      signal?.removeEventListener('abort', off)
    }
    if (signal?.aborted) return off
    listeners.add(own)
    signal?.addEventListener('abort', off, { once: true })
    return off
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    const listeners = this.#listeners.get(name)
    if (listeners !== undefined) for (const listener of [...listeners]) this.call(listener, event)
  }

  /** Calls a function of the application. */
  call<Args extends readonly unknown[]>(listener: (...args: Args) => unknown, ...args: readonly unknown[]): void {
    try {
      const result = (listener as (...given: readonly unknown[]) => unknown)(...args)
      if (result instanceof Promise) result.catch(this.#report)
    } catch (error) {
      this.#report(error)
    }
  }
}
