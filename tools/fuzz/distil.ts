import { basename } from 'node:path'
import type { LoadedTarget } from './load-target.ts'
import { minimise } from './minimise.ts'

/** An input to keep, and the block for which it is kept. */
export interface Distilled {
  readonly input: Uint8Array
  readonly block: string
}

/** Of `candidates` those, made as short as they get, that pass blocks which neither `known` inputs nor shorter ones do. */
export function distil(
  loaded: LoadedTarget,
  known: readonly Uint8Array[],
  candidates: readonly Uint8Array[],
): readonly Distilled[] {
  const passed = new Set(known.flatMap((input) => blocksOf(loaded, input)))
  const distilled: Distilled[] = []
  for (const candidate of [...candidates].sort((a, b) => a.length - b.length)) {
    const added = blocksOf(loaded, candidate).filter((block) => !passed.has(block))
    const [first] = added
    if (first === undefined) continue
    const input = minimise(candidate, (shorter) => {
      const blocks = new Set(blocksOf(loaded, shorter))
      return added.every((block) => blocks.has(block))
    })
    for (const block of blocksOf(loaded, input)) passed.add(block)
    const { file, name } = loaded.blocks[first] as { file: string; name: string }
    distilled.push({ input, block: `${basename(file, '.ts')}.${name}` })
  }
  return distilled
}

/** The numbers of the blocks that an input passes; none when it breaks the target. */
function blocksOf({ target, counters }: LoadedTarget, input: Uint8Array): number[] {
  counters.fill(0)
  try {
    target.fuzz(new Uint8Array(input))
  } catch {
    return []
  }
  return [...counters.entries()].flatMap(([block, count]) => (count > 0 ? [block] : []))
}
