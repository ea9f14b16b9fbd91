import { ClientError } from '../error/client-error.ts'
import { closeReason } from '../reason/close-reason.ts'
import { inOrder } from '../transport/in-order.ts'
import type { Transport } from '../transport/transport.ts'
import type { ChooseTransport } from './connection.ts'

/**
 * Several ways to the hub, the best first. How the client goes about them is up to the first that says so, as those over HTTP do; without
 * one, the next is tried when one gets no connection. Throws `ClientError` `ERR_OPTION` when there is none.
 */
export function severalTransports(transports: readonly Transport[]): ChooseTransport {
  if (transports.length === 0) throw new ClientError('ERR_OPTION', 'transports must name one at least.')
  return ({ url, options, connection, commands, listeners, isBusy }) => {
    const canMove = (): boolean => {
      const { state } = connection
      const isWell = state.phase === 'connected' && !state.isSuspect
      return isWell && !isBusy() && commands.isIdle && listeners().every(({ canRecover }) => canRecover)
    }
    const move = (): void => connection.end(closeReason('movedUp', { delayMs: 0 }))
    const choose = transports.find((each) => each.choose)?.choose
    return choose?.(transports, { ...options, url, canMove, move }) ?? inOrder(transports)
  }
}
