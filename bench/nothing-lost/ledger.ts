import type { Position } from '@wigwag/hub'

/** What happened to subscriptions, all of a process together (counts). */
export interface Tally {
  delivered: number
  /** Recoveries that were whole. */
  recovered: number
  /** Recoveries that were told not to be. */
  unrecovered: number
  /** Publications that came once more. */
  doubled: number
  /** Publications that came behind a later one. */
  disordered: number
  /** Holes in the offsets that nobody had told of. */
  gaps: number
  /** Subscriptions that went on somewhere else than where they had been, without a word of it. */
  strayed: number
}

/** A tally of nothing. */
export function emptyTally(): Tally {
  return { delivered: 0, recovered: 0, unrecovered: 0, doubled: 0, disordered: 0, gaps: 0, strayed: 0 }
}

/** What a client is told when it is subscribed, as npm's `centrifuge` has it. */
export interface Subscribed {
  readonly wasRecovering: boolean
  readonly recovered: boolean
  readonly position: Position
}

/** A recovery that was told not to be whole: from where it was asked for, and where the stream stood. */
export interface Unrecovered {
  readonly asked: Position
  readonly stands: Position
}

/** What one subscription was told, held against what it may be told: the next publication, or that something is missing. */
export class Ledger {
  readonly #tally: Tally
  #position: Position | undefined
  /** Of each publisher, the numbers that came; of the present epoch. */
  #numbers = new Map<number, { readonly came: Set<number>; last: number }>()

  constructor(tally: Tally) {
    this.#tally = tally
  }

  /** How far it was told. */
  get position(): Position | undefined {
    return this.#position
  }

  /** It is subscribed, for the first time or again. Returns what it was told to have missed. */
  subscribed({ wasRecovering, recovered, position }: Subscribed): Unrecovered | undefined {
    const asked = this.#position
    if (asked !== undefined && wasRecovering && recovered) {
      this.#tally.recovered++
      if (asked.epoch !== position.epoch) this.#tally.strayed++
      return undefined
    }
    this.#position = position
    if (asked === undefined) return undefined
    if (asked.epoch !== position.epoch) this.#numbers = new Map()
    if (!wasRecovering) {
      this.#tally.strayed++
      return undefined
    }
    this.#tally.unrecovered++
    return { asked, stands: position }
  }

  /** A publication came: the `number`th of one of the channel's publishers. */
  published(offset: number, publisher: number, number: number): void {
    const { epoch = '', offset: before = 0 } = this.#position ?? {}
    const numbers = this.#numbers.get(publisher) ?? { came: new Set(), last: -1 }
    this.#numbers.set(publisher, numbers)
    this.#tally.delivered++
    if (numbers.came.has(number)) this.#tally.doubled++
    else if (offset <= before || number < numbers.last) this.#tally.disordered++
    else if (offset > before + 1) this.#tally.gaps++
    numbers.came.add(number)
    numbers.last = Math.max(numbers.last, number)
    this.#position = { epoch, offset: Math.max(before, offset) }
  }

  /** Of the numbers below `counts[publisher]`, how many did not come. */
  missing(counts: readonly number[]): number {
    return counts.reduce((sum, count, publisher) => sum + count - (this.#numbers.get(publisher)?.came.size ?? 0), 0)
  }

  /** Whether it was told everything up to `goal`. */
  hasReached(goal: Position): boolean {
    return this.#position?.epoch === goal.epoch && this.#position.offset >= goal.offset
  }
}
