import type { TransportMemory } from '../transport/transport.ts'

/** What a page keeps for those of its origin that come later: in `localStorage`. Undefined where there is none. */
export function pageMemory(): TransportMemory | undefined {
  try {
    // Node has one that says how it is to be called.
    return globalThis.document === undefined ? undefined : memoryIn(globalThis.localStorage)
  } catch {
    // This page may not.
    return undefined
  }
}

/** Texts with their age. What cannot be read or kept is none. */
function memoryIn(storage: Storage): TransportMemory {
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
