const SLOT_MS = 1000

/** What is to be done when, to the second: with many thousands of entries a tick looks only at what is due. */
export class DueQueue<T extends object> {
  readonly #slots = new Map<number, Set<T>>()
  readonly #slotOf = new Map<T, number>()

  /** Adds an entry, or moves it. */
  put(entry: T, dueMs: number): void {
    this.delete(entry)
    const slot = Math.ceil(dueMs / SLOT_MS)
    const entries = this.#slots.get(slot)
    if (entries === undefined) this.#slots.set(slot, new Set([entry]))
    else entries.add(entry)
    this.#slotOf.set(entry, slot)
  }

  delete(entry: T): void {
    const slot = this.#slotOf.get(entry)
    if (slot === undefined) return
    this.#slotOf.delete(entry)
    const entries = this.#slots.get(slot)
    entries?.delete(entry)
    if (entries?.size === 0) this.#slots.delete(slot)
  }

  /** Removes and returns what is due at `nowMs`. */
  take(nowMs: number): T[] {
    const due: T[] = []
    for (const [slot, entries] of this.#slots) {
      if (slot * SLOT_MS > nowMs) continue
      this.#slots.delete(slot)
      for (const entry of entries) {
        this.#slotOf.delete(entry)
        due.push(entry)
      }
    }
    return due
  }
}
