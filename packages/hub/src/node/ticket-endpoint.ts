import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerText } from '@wigwag/socket'
import { originForm } from '@wigwag/socket/core'
import type { Hub } from '../hub.ts'
import { authenticateRequest } from '../session/request-permission.ts'
import type { ResolvedEndpointOptions } from './endpoint-options.ts'
import { inTime } from './http-access.ts'
import { refusalFor } from './namespace-authorization.ts'
import type { Tickets } from './tickets.ts'

const TICKET_PATH = '/ticket'
const METHODS = 'POST, OPTIONS'

/** `POST /ticket`: whoever proves who it is, as it would to connect, gets a ticket for one request that can prove nothing. */
export class TicketEndpoint {
  readonly #hub: Hub
  readonly #tickets: Tickets
  readonly #options: ResolvedEndpointOptions

  constructor(hub: Hub, tickets: Tickets, options: ResolvedEndpointOptions) {
    this.#hub = hub
    this.#tickets = tickets
    this.#options = options
  }

  /** Whether a request-target is that of tickets. */
  matches(target: string): boolean {
    return originForm(target).split('?', 1)[0] === this.#options.basePath + TICKET_PATH
  }

  /** Answers a request that has come through the doors. Rejects with what it is to be answered with. */
  async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (incoming.method === 'OPTIONS') {
      response.writeHead(204, { allow: METHODS }).end()
      return
    }
    if (incoming.method !== 'POST') {
      answerText(response, 405, `A ticket is asked for with POST, not ${incoming.method}.`, { allow: METHODS })
      return
    }
    const { admission, authorizeTimeoutMs } = this.#options
    // A body says nothing here; unread, it would be taken for the next request.
    incoming.resume()
    const question = {
      remoteAddress: admission.callerOf(incoming).clientAddress,
      transport: 'http',
      header: (name: string) => incoming.headers[name]?.toString(),
    }
    const who = await inTime(authenticateRequest(this.#hub.sessions.context, question), authorizeTimeoutMs)
    if (!who.ok) throw refusalFor(who.answer)
    const ticket = await this.#tickets.issue(who.value)
    const expiresAt = Math.min(Date.now() + this.#tickets.ttlMs, who.value.expiresAt ?? Number.POSITIVE_INFINITY)
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(`${JSON.stringify({ ticket, expiresAt })}\n`)
  }
}
