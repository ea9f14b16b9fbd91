import { runInThisContext } from 'node:vm'
import type { LoadedTarget } from './load-target.ts'
import { type Material, mutate, wordsOf } from './mutator.ts'
import { Random } from './random.ts'

/** An input that made the target throw, or not come back. */
export interface Finding {
  readonly input: Uint8Array
  readonly error: unknown
}

const DEFAULT_HANG_MS = 10_000
/** Inputs run under one watch: setting that up costs as much as many of them. */
const BATCH = 512
const DEFAULT_MAX_INPUT_BYTES = 512

/**
 * Looks for inputs that break a target: mutates those it has, and keeps each that passes a block, or passes it a number
 * of times, as none did before. With the same seed and number of inputs it does the same.
 */
export class Fuzzer {
  readonly #loaded: LoadedTarget
  readonly #random: Random
  readonly #hangMs: number
  readonly #material: Material
  readonly #lanes: Uint32Array
  /** For each block, the classes of counts that were seen, as bits. */
  readonly #seen: Uint8Array
  readonly #population: Uint8Array[] = []
  readonly #picked: number[] = []
  /** How many there were before anything was mutated. */
  #first = 0
  #current: Uint8Array = new Uint8Array(0)
  #inputs = 0
  #finding: Finding | undefined

  /** `hangMs` is how long one input may take before it counts as a hang, in milliseconds. */
  constructor(loaded: LoadedTarget, seed: number, hangMs: number = DEFAULT_HANG_MS) {
    this.#hangMs = hangMs
    const { target, counters, literals } = loaded
    this.#loaded = loaded
    this.#random = new Random(seed)
    const words = wordsOf([...(target.dictionary ?? []), ...literals])
    this.#material = { words, maxBytes: target.maxInputBytes ?? DEFAULT_MAX_INPUT_BYTES }
    this.#lanes = new Uint32Array(counters.buffer, 0, counters.length / 4)
    this.#seen = new Uint8Array(counters.length)
  }

  /** Inputs run so far. */
  get inputs(): number {
    return this.#inputs
  }

  /** Blocks of the code under test that some input passed. */
  get blocksPassed(): number {
    return this.#seen.reduce((sum, classes) => sum + (classes === 0 ? 0 : 1), 0)
  }

  /** The numbers of those that none did. */
  get missed(): readonly number[] {
    return [...this.#loaded.blocksPresent].filter((block) => this.#seen[block] === 0)
  }

  /** Inputs that did something new, in the order in which they were found. */
  get population(): readonly Uint8Array[] {
    return this.#population
  }

  /** What was found; nothing more is run then. */
  get finding(): Finding | undefined {
    return this.#finding
  }

  /** Runs an input that is known, such as one of the corpus. Returns whether it passed where none did before. */
  add(input: Uint8Array): boolean {
    let isNew = false
    this.#watch(() => {
      // Of its own, and no Buffer: `slice` of that is a view.
      isNew = this.#run(new Uint8Array(input))
    })
    return isNew
  }

  /** Runs `inputs` more, or fewer if one is found that breaks the target. */
  run(inputs: number): void {
    if (this.#population.length === 0) this.#keep(new Uint8Array(0))
    this.#first ||= this.#population.length
    for (let left = inputs; left > 0 && this.#finding === undefined; left -= BATCH) {
      this.#watch(() => {
        for (let i = Math.min(left, BATCH); i > 0 && this.#finding === undefined; i--) this.#run(this.#next())
      })
    }
  }

  #next(): Uint8Array {
    const parent = this.#population[this.#pickParent()] as Uint8Array
    return mutate(this.#random, parent, this.#random.pick(this.#population), this.#material)
  }

  /** Half of the time one that was there from the start: many that differ by little must not crowd those out. */
  #pickParent(): number {
    if (this.#random.below(2) === 0) return this.#random.below(this.#first)
    const [one, other] = [this.#random.below(this.#population.length), this.#random.below(this.#population.length)]
    const picked = this.#picked as [number]
    const parent = (picked[one] as number) <= (picked[other] as number) ? one : other
    picked[parent] = (picked[parent] as number) + 1
    return parent
  }

  #run(input: Uint8Array): boolean {
    this.#current = input
    this.#inputs++
    this.#lanes.fill(0)
    try {
      // Of its own: what the target does to it must not change what is kept.
      this.#loaded.target.fuzz(input.slice())
    } catch (error) {
      this.#finding = { input, error }
      return false
    }
    if (!this.#note()) return false
    this.#keep(input)
    return true
  }

  #keep(input: Uint8Array): void {
    this.#population.push(input)
    this.#picked.push(0)
  }

  #note(): boolean {
    const { counters } = this.#loaded
    let isNew = false
    for (let lane = 0; lane < this.#lanes.length; lane++) {
      if (this.#lanes[lane] === 0) continue
      for (let block = lane * 4; block < lane * 4 + 4; block++) {
        const bit = CLASSES[counters[block] as number] as number
        if ((bit & ~(this.#seen[block] as number)) === 0) continue
        this.#seen[block] = (this.#seen[block] as number) | bit
        isNew = true
      }
    }
    return isNew
  }

  /** An input that never comes back must not take the run with it. */
  #watch(batch: () => void): void {
    const { [RUN]: outer } = globalThis as { [RUN]?: () => void }
    Object.assign(globalThis, { [RUN]: batch })
    try {
      runInThisContext(`globalThis.${RUN}()`, { timeout: this.#hangMs })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
      this.#finding = { input: this.#current, error: new Error(`It did not come back within ${this.#hangMs} ms.`) }
    } finally {
      Object.assign(globalThis, { [RUN]: outer })
    }
  }
}

const RUN = '__wigwagFuzzBatch'

/** Counts that differ by little are of one class (1, 2, 3, 4–7, 8–15, 16–31, 32–127, 128 and more). */
const CLASSES: Uint8Array = Uint8Array.from({ length: 256 }, (_, count) => {
  if (count <= 3) return count === 0 ? 0 : 1 << (count - 1)
  return count < 8 ? 8 : count < 16 ? 16 : count < 32 ? 32 : count < 128 ? 64 : 128
})
