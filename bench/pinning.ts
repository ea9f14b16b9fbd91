import { spawnSync } from 'node:child_process'

const PIN = 'taskset'

/** Where the processes of a run are kept. */
export type Pinning =
  | { readonly mode: 'pinned'; readonly serverCore: number; readonly generatorCore: number }
  | { readonly mode: 'free'; readonly reason: string }

/** Finds out whether server and generator can have a core each (core 0 and core 1, by `taskset`). */
export function resolvePinning(): Pinning {
  for (const core of [0, 1]) {
    const tried = spawnSync(PIN, ['-c', String(core), 'true'])
    if (tried.error !== undefined) return { mode: 'free', reason: `${PIN} is not available` }
    if (tried.status !== 0) return { mode: 'free', reason: `core ${core} is not available` }
  }
  return { mode: 'pinned', serverCore: 0, generatorCore: 1 }
}

/** The pinning in words. */
export function describePinning(pinning: Pinning): string {
  return pinning.mode === 'pinned'
    ? `servers on core ${pinning.serverCore}, generator on core ${pinning.generatorCore}`
    : `NOT PINNED (${pinning.reason}): server and generator may disturb each other`
}

/** The command that runs a program on one core, or anywhere. */
export function pinnedCommand(
  core: number | undefined,
  command: string,
  args: readonly string[],
): readonly [string, readonly string[]] {
  return core === undefined ? [command, args] : [PIN, ['-c', String(core), command, ...args]]
}
