import type { ServerResponse } from 'node:http'
import { answerText, Refusal, refuse } from '@wigwag/socket'
import { HubError, type HubErrorCode } from '../error/hub-error.ts'

/** The HTTP status that a hub's error is answered with. Those left out are the server's own fault. */
const STATUS: Partial<Record<HubErrorCode, number>> = {
  ERR_CHANNEL_NAME: 400,
  ERR_POSITION: 400,
  ERR_IDEMPOTENCY_KEY: 400,
  ERR_PUBLICATION_DATA: 400,
  ERR_PUBLICATION_INVALID: 400,
  ERR_TAGS: 400,
  ERR_PUBLICATION_TOO_LARGE: 413,
  ERR_CLUSTER_MESSAGE_TOO_LARGE: 413,
  ERR_SESSION_UNKNOWN: 404,
  ERR_SESSION_PACKET: 409,
  ERR_SESSION_UNREACHABLE: 503,
  ERR_BROKER_UNAVAILABLE: 503,
  ERR_NOT_ACKNOWLEDGED: 503,
  ERR_PRESENCE_UNAVAILABLE: 503,
  ERR_TICKETS_UNAVAILABLE: 503,
  ERR_TICKET_LIMIT: 503,
  ERR_CHANNEL_LIMIT: 503,
  ERR_SUBSCRIPTION_OVERRUN: 503,
  ERR_HUB_CLOSED: 503,
}

/** What clients are told of faults that are not theirs: where the broker or a store is and what it said is for those who run it. */
const FOR_CLIENTS: Partial<Record<HubErrorCode, string>> = {
  ERR_BROKER_UNAVAILABLE: 'The broker behind this server is away; nothing was done. Try again later.',
  ERR_NOT_ACKNOWLEDGED:
    'The broker behind this server did not answer; the publication may be stored all the same. ' +
    'Publish it again with the same Idempotency-Key.',
  ERR_PRESENCE_UNAVAILABLE: 'Presence is away; nobody knows who is in the channel. Try again later.',
  ERR_TICKETS_UNAVAILABLE: 'The tickets of this server are away. Try again later, with a new one.',
  ERR_TICKET_LIMIT: 'This server has as many tickets out as it gives. Try again later.',
  ERR_SUBSCRIBER: 'The server failed.',
}

/** An error in words that may go out. */
export function describeForClients({ code, message }: HubError): string {
  return FOR_CLIENTS[code] ?? message
}

/** What an error is answered with. What is not the hub's own says nothing of its inside. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (!(error instanceof HubError)) {
    console.error('Serving a channel failed:', error)
    return refuse(500, 'The server failed.')
  }
  const status = STATUS[error.code] ?? 500
  return refuse(status, describeForClients(error), status === 503 ? { 'retry-after': '1' } : {})
}

/** Answers with what an error means to the client, or drops an answer that it cut short. */
export function answerError(response: ServerResponse, error: unknown): void {
  // The client left; there is nobody to answer, and nothing failed. An answer that waits for its turn is not told.
  if (response.destroyed || error === response.req.errored) return
  const { status, message, headers } = refusalOf(error)
  if (response.headersSent) response.destroy()
  // The rest of a body that was refused must not be taken for the next request.
  else answerText(response, status, message, { ...headers, ...(response.req.complete ? {} : { connection: 'close' }) })
}

/**
 * Resolves when the answers to the requests before it have gone out (RFC 9112 §9.3.2). Until then an answer has no
 * connection, and Node does not tell it when the client leaves: what it had begun would never end.
 */
export async function untilItsTurn(response: ServerResponse): Promise<void> {
  if (response.socket !== null) return
  await new Promise<void>((resolve) => response.once('socket', () => resolve()))
}
