import type { Position } from '@wigwag/hub'
import { emptyTally, Ledger, type Tally, type Unrecovered } from '../nothing-lost/ledger.ts'

/** What comes behind a gap: what history still holds, or what is published from then on. */
export type AfterGap = 'held' | 'live'

/** What became of one subscriber. */
export interface AccountReport extends Tally {
  readonly transport: string
  /** Gaps that it was told of (count). */
  readonly gapsTold: number
  /** From where to where they went. */
  readonly unmet: readonly Unrecovered[]
  readonly afterGap: AfterGap
  /** How often it came in (count). */
  readonly connections: number
  /** What carried it, where it says so. */
  readonly ways: readonly string[]
  /** Publications that never came (count). */
  readonly missing: number
  /** Whether it was told everything up to the end. */
  readonly hasFinished: boolean
}

/** Where all has been published, and how many of each publisher. */
export interface ChaosGoal {
  readonly position: Position
  readonly counts: readonly number[]
}

/** The account of one subscriber, in the words of channels' URLs or of sessions. */
export class Account {
  readonly transport: string
  readonly #tally = emptyTally()
  readonly #ledger = new Ledger(this.#tally)
  readonly #unmet: Unrecovered[] = []
  #afterGap: AfterGap = 'held'
  #gapsTold = 0
  #connections = 0
  readonly #ways = new Set<string>()
  #isBehindGap = false

  constructor(transport: string) {
    this.transport = transport
  }

  /** From where to resume. */
  get position(): Position | undefined {
    return this.#ledger.position
  }

  /** The same, as `EPOCH:OFFSET`. */
  get after(): string | undefined {
    const { position } = this
    return position && `${position.epoch}:${position.offset}`
  }

  /** It comes in; `way`: over what, if it knows. */
  connected(way?: string): void {
    this.#connections++
    if (way !== undefined) this.#ways.add(way)
  }

  /** It is told where it stands; all behind that is to come. */
  standing(position: Position): void {
    const isFirst = this.#ledger.position === undefined
    this.#subscribed(!isFirst, !isFirst && !this.#isBehindGap, position)
    this.#isBehindGap = false
  }

  /** It is told that something is missing, and what is held will follow. */
  gap(): void {
    this.#gapsTold++
    this.#isBehindGap = true
  }

  /** A publication came: the `number`th of a publisher. */
  published(position: Position, [publisher, number]: readonly [number, number]): void {
    if (this.#isBehindGap) this.standing({ ...position, offset: position.offset - 1 })
    // The ledger takes offsets for those of the stream that it is in.
    else if (position.epoch !== this.#ledger.position?.epoch) this.#tally.strayed++
    this.#ledger.published(position.offset, publisher, number)
  }

  /** A session is subscribed, in the words of its protocol and of npm's `centrifuge`. */
  subscribed(wasRecovering: boolean, recovered: boolean, position: Position): void {
    this.#afterGap = 'live'
    if (wasRecovering && !recovered) this.#gapsTold++
    this.#subscribed(wasRecovering, recovered, position)
  }

  hasReached({ position }: ChaosGoal): boolean {
    return this.#ledger.hasReached(position)
  }

  report(goal: ChaosGoal): AccountReport {
    return {
      ...this.#tally,
      transport: this.transport,
      gapsTold: this.#gapsTold,
      unmet: this.#unmet,
      afterGap: this.#afterGap,
      connections: this.#connections,
      ways: [...this.#ways],
      missing: this.#ledger.missing(goal.counts),
      hasFinished: this.hasReached(goal),
    }
  }

  #subscribed(wasRecovering: boolean, recovered: boolean, position: Position): void {
    const unmet = this.#ledger.subscribed({ wasRecovering, recovered, position })
    if (unmet !== undefined) this.#unmet.push(unmet)
  }
}
