/** What a page keeps for those of its origin that come later: in `localStorage`. Undefined where there is none. */
export function pageMemory(): PageMemory | undefined {
  try {
    // Node has one that says how it is to be called.
    return globalThis.document === undefined ? undefined : new PageMemory(globalThis.localStorage)
  } catch {
    // This page may not.
    return undefined
  }
}

/** Texts with their age. What cannot be read or kept is none. */
class PageMemory {
  readonly #storage: Storage

  constructor(storage: Storage) {
    this.#storage = storage
  }

  recall(key: string, maxAgeMs: number): string | undefined {
    try {
      const [, keptMs, text] = /^(\d+) (.*)$/.exec(this.#storage.getItem(key) ?? '') ?? []
      const ageMs = Date.now() - Number(keptMs)
      return ageMs >= 0 && ageMs <= maxAgeMs ? text : undefined
    } catch {
      return undefined
    }
  }

  remember(key: string, text: string | undefined): void {
    try {
      if (text === undefined) this.#storage.removeItem(key)
      else this.#storage.setItem(key, `${Date.now()} ${text}`)
    } catch {
      // Full, or forbidden.
    }
  }
}
