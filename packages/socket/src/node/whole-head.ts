import type { Server as HttpServer, IncomingMessage } from 'node:http'
import type { UpgradeRefusal } from '../core/index.ts'

/** What Node keeps of a head unless `maxHeadersCount` says otherwise: names and values, each counted. */
const NODE_MAX_PARTS = 2000

/**
 * Whether Node kept every line of the head. What is above `maxHeadersCount` it drops without a word, the lines that
 * frame the body included, while its parser went by them: such a head can be neither judged nor put back.
 */
export function isWholeHead(incoming: IncomingMessage, server: HttpServer | undefined): boolean {
  const { maxHeadersCount } = server ?? {}
  if (maxHeadersCount === 0) return true
  const maxParts = typeof maxHeadersCount === 'number' ? maxHeadersCount * 2 : NODE_MAX_PARTS
  return incoming.rawHeaders.length < maxParts
}

/** What an upgrade with a head that was cut is answered with. */
export const HEAD_WAS_CUT: UpgradeRefusal = {
  status: 431,
  message: 'The request has more header lines than this server reads (maxHeadersCount). Send fewer.',
  headers: {},
}
