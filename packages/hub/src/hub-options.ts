import type { Broker } from './broker/broker.ts'
import { checkNumberOption } from './broker/history-options.ts'
import type { SessionsOptions } from './session/sessions-options.ts'

/** How a hub behaves, what its channels are, and who may be a session of it. */
export interface HubOptions extends SessionsOptions {
  /** Carries publications between hubs and keeps streams. */
  readonly broker: Broker
  /** Largest publication accepted, in bytes: of bytes themselves, of UTF-8 otherwise. Default 256 KiB. Above it: `ERR_PUBLICATION_TOO_LARGE`. */
  readonly maxPublicationBytes?: number
}

const DEFAULTS = { maxPublicationBytes: 256 * 1024 } as const

/** Largest publication accepted, in bytes. Throws `HubError` `ERR_OPTION` that names the option and what it takes. */
export function resolveMaxPublicationBytes({ maxPublicationBytes }: Partial<HubOptions>): number {
  const bytes = maxPublicationBytes ?? DEFAULTS.maxPublicationBytes
  checkNumberOption('maxPublicationBytes', bytes, 1)
  return bytes
}
