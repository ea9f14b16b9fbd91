import { ClientError } from '../error/client-error.ts'
import type { Transport } from './transport.ts'

/** Throws `ClientError` `ERR_OPTION` where there is none. */
export function assertTransports(transports: readonly Transport[]): void {
  if (transports.length === 0) throw new ClientError('ERR_OPTION', 'transports must name one at least.')
}
