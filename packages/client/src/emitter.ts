/** Tells listeners what happens, in the order in which they came. */
export interface Emitter<Events extends object> {
  /** Listens until the function that it returns is called, or the signal is aborted. */
  on<Name extends keyof Events>(
    name: Name,
    listener: (event: Events[Name]) => void,
    options?: { readonly signal?: AbortSignal },
  ): () => void
  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void
  /** Calls a function of the application. */
  call<Args extends readonly unknown[]>(listener: (...args: Args) => unknown, ...args: readonly unknown[]): void
}

/** `report` is given what listeners throw: it is nobody else's fault. */
export function createEmitter<Events extends object>(report: (error: unknown) => void): Emitter<Events> {
  const all = new Map<keyof Events, Set<(event: never) => void>>()
  const emitter: Emitter<Events> = {
    on(name, listener, { signal } = {}) {
      const listeners = all.get(name) ?? new Set()
      all.set(name, listeners)
      // Each call its own, were it the same function twice.
      const own = (event: never): void => listener(event)
      const off = (): void => {
        listeners.delete(own)
        signal?.removeEventListener('abort', off)
      }
      if (signal?.aborted) return off
      listeners.add(own)
      signal?.addEventListener('abort', off)
      return off
    },
    emit(name, event) {
      for (const listener of [...(all.get(name) ?? [])]) emitter.call(listener, event)
    },
    call(listener, ...args) {
      try {
        const result = (listener as (...given: readonly unknown[]) => unknown)(...args)
        if (result instanceof Promise) result.catch(report)
      } catch (error) {
        report(error)
      }
    },
  }
  return emitter
}
