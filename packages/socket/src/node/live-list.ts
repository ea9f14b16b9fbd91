/** What can be a member: of one list at a time. */
export interface Listed {
  /** The list's: where it stands; -1 when in none. */
  livePlace: number
}

/** Fewer gaps than this are not worth closing. */
const MIN_GAPS = 32

/**
 * Those who are there now, in the order in which they came. A `Set` would do the same, but when it makes itself a new
 * table it leaves the old one pointing there, so that one table that has grown old keeps alive whatever came later: on a
 * server where sockets come and go, no young one could die young. Members know their place here, and tables are arrays.
 * An iteration sees who was there when it began and has not left since.
 */
export class LiveList<T extends Listed> implements ReadonlySet<T> {
  #members: (T | undefined)[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  has(member: T): boolean {
    return this.#members[member.livePlace] === member
  }

  /** The one that has been here longest. */
  get first(): T | undefined {
    return this.#size === 0 ? undefined : this.#members.find((member) => member !== undefined)
  }

  add(member: T): void {
    if (this.has(member)) return
    const gaps = this.#members.length - this.#size
    if (gaps > MIN_GAPS && gaps > this.#size) this.#close()
    member.livePlace = this.#members.length
    this.#members.push(member)
    this.#size++
  }

  /** Returns whether it was there. */
  delete(member: T): boolean {
    if (!this.has(member)) return false
    this.#members[member.livePlace] = undefined
    member.livePlace = -1
    this.#size--
    if (this.#size === 0) this.#members.length = 0
    return true
  }

  forEach(call: (member: T, again: T, list: ReadonlySet<T>) => void, thisArgument?: unknown): void {
    for (const member of this) call.call(thisArgument, member, member, this)
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (const member of this.#members.slice()) if (member !== undefined && this.has(member)) yield member
  }

  keys(): IterableIterator<T> {
    return this[Symbol.iterator]()
  }

  values(): IterableIterator<T> {
    return this[Symbol.iterator]()
  }

  *entries(): IterableIterator<[T, T]> {
    for (const member of this) yield [member, member]
  }

  #close(): void {
    let end = 0
    for (const member of this.#members) {
      if (member === undefined) continue
      member.livePlace = end
      this.#members[end++] = member
    }
    this.#members.length = end
  }
}
