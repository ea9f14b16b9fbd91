import type { IncomingMessage, ServerResponse } from 'node:http'
import { decodeCommands } from '@wigwag/protocol'
import { answerText, refuse } from '@wigwag/socket'
import { HeaderFields, originForm } from '@wigwag/socket/core'
import type { Drainable } from '../drain/drainable.ts'
import type { Hub } from '../hub.ts'
import type { SessionRequest } from '../session/session-transport.ts'
import { parseEmulationRequest, parseSessionPoll } from './addressed-request.ts'
import type { ResolvedEndpointOptions } from './endpoint-options.ts'
import { untilItsTurn } from './http-answer.ts'
import { parseWait } from './poll-request.ts'
import { decodeUtf8, readBody } from './request-body.ts'
import { admitSession, BAD_TICKET } from './session-admission.ts'
import { SessionPolls } from './session-polls.ts'
import { EVENTS, LINES, type StreamForm } from './session-stream.ts'
import { SessionStreams } from './session-streams.ts'
import type { SessionDoorName } from './session-url.ts'

/** Doors that plain requests come to. */
type PlainDoorName = Exclude<SessionDoorName, 'websocket'>

const METHODS: Readonly<Record<PlainDoorName, string>> = {
  http_stream: 'POST, OPTIONS',
  sse: 'GET, OPTIONS',
  long_poll: 'POST, OPTIONS',
  emulation: 'POST, OPTIONS',
}

const WHAT_A_GET_CARRIES =
  'An event stream of a session begins with ?cf_connect=, one connect command, as in {"id":1,"connect":{}}; ' +
  'more is sent with POST to /emulation.'

/** Sessions that come in plain HTTP requests, and what they send. */
export class SessionRequests {
  readonly #hub: Hub
  readonly #options: ResolvedEndpointOptions
  readonly #streams: SessionStreams
  readonly #polls: SessionPolls

  constructor(hub: Hub, options: ResolvedEndpointOptions) {
    this.#hub = hub
    this.#options = options
    this.#streams = new SessionStreams(hub)
    this.#polls = new SessionPolls(hub, options.admission, options.sessionPollGapMs)
  }

  /** What has clients that leave when the hub drains. */
  get drainables(): readonly Drainable[] {
    return [this.#streams, this.#polls]
  }

  /** Sessions over streams, and those that are polled (count). */
  get stats(): { readonly streams: number; readonly polled: number } {
    return { streams: this.#streams.open, polled: this.#polls.open }
  }

  /** Answers a request that has come through the doors. Rejects with what it is to be answered with. */
  async serve(door: PlainDoorName, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const methods = METHODS[door]
    if (incoming.method === 'OPTIONS') {
      response.writeHead(204, { allow: methods }).end()
    } else if (!methods.startsWith(`${incoming.method},`)) {
      answerText(response, 405, `This takes ${methods}, not ${incoming.method}.`, { allow: methods })
    } else if (door === 'emulation') await this.#take(incoming, response)
    else if (door === 'sse') await this.#openEvents(incoming, response)
    else if (door === 'http_stream') await this.#openLines(incoming, response)
    else await this.#poll(incoming, response)
  }

  /** Ends every session with 3001: their clients come back. */
  async close(): Promise<void> {
    await Promise.all([this.#streams.close(), this.#polls.close()])
  }

  async #openEvents(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = queryOf(incoming).get('cf_connect') ?? ''
    // What a link or an image of another page can have a browser send must change nothing.
    const decoded = decodeCommands(text)
    const [first] = decoded.ok ? decoded.packets : []
    const isConnect = first?.kind === 'command' && first.command.method === 'connect'
    if (!isConnect || (decoded.ok && decoded.packets.length > 1)) throw refuse(400, WHAT_A_GET_CARRIES)
    this.#admit()
    await this.#open(EVENTS, incoming, response, text)
  }

  async #openLines(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#admit()
    await this.#open(LINES, incoming, response, await this.#readText(incoming))
  }

  /** Before anything is asked. */
  #admit(): void {
    const full = admitSession(this.#hub)
    if (full !== undefined) throw full
  }

  async #open(form: StreamForm, incoming: IncomingMessage, response: ServerResponse, text: string): Promise<void> {
    const request = await this.#requestOf(incoming)
    // A stream in front of this one may go on for ever.
    await untilItsTurn(response)
    if (!response.destroyed) this.#streams.serve(response, form, request, text)
  }

  async #poll(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await this.#readText(incoming)
    const { maxPollWaitMs } = this.#options
    const waitMs = parseWait(queryOf(incoming).get('wait'), maxPollWaitMs) ?? maxPollWaitMs
    const poll = parseSessionPoll(text)
    if (poll !== undefined) {
      await untilItsTurn(response)
      const { node, session, last } = poll
      if (!response.destroyed) await this.#polls.answer(response, node, session, { last, waitMs })
      return
    }
    this.#admit()
    const request = await this.#requestOf(incoming)
    await untilItsTurn(response)
    if (!response.destroyed) this.#polls.begin(response, request, text, waitMs)
  }

  async #take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { node, session, data } = parseEmulationRequest(await this.#readText(incoming))
    await this.#hub.relay.say(node, session, data)
    response.writeHead(204, { 'cache-control': 'no-store' }).end()
  }

  async #requestOf(incoming: IncomingMessage): Promise<SessionRequest> {
    const { admission, tickets } = this.#options
    const { clientAddress: remoteAddress } = admission.callerOf(incoming)
    const headers = new HeaderFields(incoming.rawHeaders)
    const query = queryOf(incoming)
    const hasTicket = tickets !== undefined && query.has('ticket')
    const credentials = hasTicket ? ((await tickets.redeem(incoming)) ?? BAD_TICKET) : undefined
    return {
      remoteAddress,
      header: (name) => headers.get(name),
      query: (name) => query.get(name) ?? undefined,
      ...(credentials && { credentials }),
    }
  }

  async #readText(incoming: IncomingMessage): Promise<string> {
    const { maxSessionRequestBytes, bodyTimeoutMs } = this.#options
    const bytes = await readBody(incoming, maxSessionRequestBytes, bodyTimeoutMs, (maxBytes) =>
      refuse(413, `The body is larger than ${maxBytes} bytes. Send less at once, or raise maxSessionRequestBytes.`),
    )
    const text = decodeUtf8(bytes)
    if (text === undefined) throw refuse(415, 'Sessions speak JSON here: the body must be UTF-8.')
    return text
  }
}

function queryOf({ url = '' }: IncomingMessage): URLSearchParams {
  const target = originForm(url)
  const start = target.indexOf('?')
  return new URLSearchParams(start === -1 ? '' : target.slice(start + 1))
}
