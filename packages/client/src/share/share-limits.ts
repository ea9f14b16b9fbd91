import { resolveOptions } from '../resolve-options.ts'

/** How much is kept for tabs. */
export interface ShareLimits {
  /**
   * Publications that are kept for tabs that come later, or come back, of all channels together (count). What is older the hub is
   * asked for. Default 500.
   */
  readonly maxRecentPublications?: number
  /** The same, in characters of their JSON. Default 1 MiB. */
  readonly maxRecentBytes?: number
  /** What a tab has not read, in characters. Above it the tab is cut off, with `slow`, and recovers when it reads again. Default 1 MiB. */
  readonly maxUnreadBytes?: number
}

const DEFAULTS = { maxRecentPublications: 500, maxRecentBytes: 1_048_576, maxUnreadBytes: 1_048_576 } as const

/** Fills in defaults. Throws `ClientError` `ERR_OPTION` for a number that is none, or below 1. */
export function resolveShareLimits(options: ShareLimits): Required<ShareLimits> {
  const { maxRecentPublications, maxRecentBytes, maxUnreadBytes } = resolveOptions(DEFAULTS, options, 'share.')
  return { maxRecentPublications, maxRecentBytes, maxUnreadBytes }
}
