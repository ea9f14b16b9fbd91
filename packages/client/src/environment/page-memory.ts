/** Texts that outlive a page. */
export interface PageMemory {
  /** What was kept under a key, if that is not longer ago. */
  recall(key: string, maxAgeMs: number): string | undefined
  /** Keeps a text; undefined: none any more. */
  remember(key: string, text: string | undefined): void
}

/** What a page keeps for those of its origin that come later: in `localStorage`. Undefined where there is none. */
export function pageMemory(): PageMemory | undefined {
  try {
    // Node has one that says how it is to be called.
    return globalThis.document === undefined ? undefined : memoryIn(globalThis.localStorage)
  } catch {
    // This page may not.
    return undefined
  }
}

/** Texts with their age. What cannot be read or kept is none. */
function memoryIn(storage: Storage): PageMemory {
  return {
    recall(key, maxAgeMs) {
      try {
        const [, keptMs, text] = /^(\d+) (.*)$/.exec(storage.getItem(key) ?? '') ?? []
        const ageMs = Date.now() - Number(keptMs)
        return ageMs >= 0 && ageMs <= maxAgeMs ? text : undefined
      } catch {
        return undefined
      }
    },
    remember(key, text) {
      try {
        if (text === undefined) storage.removeItem(key)
        else storage.setItem(key, `${Date.now()} ${text}`)
      } catch {
        // Full, or forbidden.
      }
    },
  }
}
