import type { CreateDiagnosis } from '../http/diagnosis.ts'
import { closeReason } from '../reason/close-reason.ts'
import { assertTransports } from '../transport/assert-transports.ts'
import { inOrder } from '../transport/in-order.ts'
import { sessionUrl } from '../transport/session-url.ts'
import type { Transport } from '../transport/transport.ts'
import type { ChooseTransport } from './connection.ts'

/**
 * Several ways to the hub, the best first. How the client goes about them is up to the first that says so, as those over HTTP do; without
 * one, the next is tried when one gets no connection. `createDiagnosis` is `diagnosed`: finds out why a WebSocket did not open, which
 * browsers do not tell; default: it is `unreachable`. Throws `ClientError` `ERR_OPTION` when there is none.
 */
export function severalTransports(
  transports: readonly Transport[],
  createDiagnosis?: CreateDiagnosis,
): ChooseTransport {
  assertTransports(transports)
  return ({ url, options, connection, commands, listeners, isBusy }) => {
    const canMove = (): boolean => {
      const { state } = connection
      const isWell = state.phase === 'connected' && !state.isSuspect
      return isWell && !isBusy() && commands.isIdle && listeners().every(({ canRecover }) => canRecover)
    }
    const move = (): void => connection.end(closeReason('movedUp', { delayMs: 0 }))
    const choose = transports.find((each) => each.choose)?.choose
    const choice = choose?.(transports, { ...options, url, canMove, move }) ?? inOrder(transports)
    const diagnose = createDiagnosis?.(sessionUrl(url), options.nowMs)
    return {
      get present() {
        return choice.present
      },
      connected: () => choice.connected(),
      ended(reason) {
        const { present } = choice
        const { state } = connection
        choice.ended(reason)
        // Where another transport is next, what becomes of that tells more.
        if (choice.present !== present) return
        diagnose?.(reason, (found) => {
          if (connection.state === state) connection.learned(found)
        })
      },
    }
  }
}
