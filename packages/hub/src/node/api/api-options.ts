import { checkNumberOption } from '../../broker/history-options.ts'
import { HubError } from '../../error/hub-error.ts'

/** How servers reach the hub over HTTP. */
export interface ApiOptions {
  /**
   * Whoever brings one of these may do everything that the API can. Several, so that one can be changed while both are
   * good. Each has at least 16 characters, none of them white space.
   */
  readonly keys: string | readonly string[]
  /** Where the API is, below `basePath`: everything there is its own. Default `/api`. */
  readonly path?: string
  /** Largest request, in bytes. Default 4 MiB. Above it: 413. */
  readonly maxBodyBytes?: number
  /** Most commands of a batch, and most channels of a broadcast (count). Default 10,000. Above it: error 107. */
  readonly maxBatchCommands?: number
}

const DEFAULTS = { path: '/api', maxBodyBytes: 4 * 1024 * 1024, maxBatchCommands: 10_000 } as const

/** Shorter ones can be guessed. */
const MIN_KEY_LENGTH = 16

/** `ApiOptions` with every default filled in. */
export interface ResolvedApiOptions extends Required<ApiOptions> {
  readonly keys: readonly string[]
}

/** Fills in the defaults. Throws `HubError` `ERR_OPTION` that names the option and what it takes, and never quotes a key. */
export function resolveApiOptions(options: ApiOptions): ResolvedApiOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const keys = typeof options.keys === 'string' ? [options.keys] : options.keys
  const resolved: ResolvedApiOptions = { ...DEFAULTS, ...given, keys }
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isKey)) {
    throw new HubError(
      'ERR_OPTION',
      `Option api.keys must be one or more keys of at least ${MIN_KEY_LENGTH} characters, without white space.`,
    )
  }
  if (!isPath(resolved.path)) {
    throw new HubError(
      'ERR_OPTION',
      `Option api.path must be a path of plain segments, as "/api"; it is ${JSON.stringify(resolved.path)}.`,
    )
  }
  checkNumberOption('api.maxBodyBytes', resolved.maxBodyBytes, 1)
  checkNumberOption('api.maxBatchCommands', resolved.maxBatchCommands, 1)
  return resolved
}

function isKey(key: unknown): boolean {
  return typeof key === 'string' && key.length >= MIN_KEY_LENGTH && !/\s/.test(key)
}

function isPath(path: string): boolean {
  return (
    path.startsWith('/') &&
    path
      .slice(1)
      .split('/')
      .every((segment) => /^[\w.~-]+$/.test(segment))
  )
}
