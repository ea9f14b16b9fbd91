import { checkNumberOption } from '../broker/history-options.ts'

/** How long presence lasts by itself. All hubs that share a store share it. */
export interface PresenceStoreOptions {
  /** How long a session is seen without being kept alive, in milliseconds. Default 60,000. After that it expires. */
  readonly presenceTtlMs?: number
}

const DEFAULTS = { presenceTtlMs: 60_000 } as const

/** Fills in the defaults, as every presence store has them. Throws `HubError` `ERR_OPTION` that names the option and what it takes. */
export function resolvePresenceStoreOptions(options: PresenceStoreOptions): Required<PresenceStoreOptions> {
  const { presenceTtlMs = DEFAULTS.presenceTtlMs } = options
  checkNumberOption('presenceTtlMs', presenceTtlMs, 1)
  return { presenceTtlMs }
}
