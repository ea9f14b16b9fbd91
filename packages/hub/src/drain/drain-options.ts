import { checkNumberOption } from '../broker/history-options.ts'

/** How a hub empties itself. */
export interface DrainOptions {
  /**
   * In how much time everybody is told to leave, evenly spread, in milliseconds. Default 3000. 0: all at once. Where there
   * are few it takes less: 10 ms for each.
   */
  readonly overMs?: number
  /**
   * How long it may take behind that until clients have what waits for them and their connections are closed, in
   * milliseconds. Default 1000. What is left then is dropped.
   */
  readonly graceMs?: number
}

/** `DrainOptions` with every default filled in. */
export type ResolvedDrainOptions = Required<DrainOptions>

const DEFAULTS = { overMs: 3000, graceMs: 1000 } as const

/** Fills in the defaults. Throws `HubError` `ERR_OPTION` that names the option and what it takes. */
export function resolveDrainOptions(options: DrainOptions = {}): ResolvedDrainOptions {
  const { overMs = DEFAULTS.overMs, graceMs = DEFAULTS.graceMs } = options
  checkNumberOption('overMs', overMs, 0)
  checkNumberOption('graceMs', graceMs, 0)
  return { overMs, graceMs }
}
