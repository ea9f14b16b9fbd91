import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { type BrokerStatus, type Hub, HubError } from '@wigwag/hub'
import { ChannelEndpoint, type ChannelEndpointOptions, createHub } from '@wigwag/hub/node'
import { PageFiles } from '@wigwag/programs'
import { describeRedis } from '@wigwag/redis'
import { type Admission, answerText, hostPolicyOf, type Refusal, refuse } from '@wigwag/socket'
import { checkHost } from '@wigwag/socket/core'
import { CliError, ExitCode } from '../cli-error.ts'
import { HttpListeners } from '../listening/http-listeners.ts'
import { listenAddresses } from '../listening/listen-address.ts'
import { doorPolicies } from '../listening/listening-options.ts'
import { pathBelow, slashRedirect } from './base-path.ts'
import { createAdmission } from './create-admission.ts'
import { createBroker } from './create-broker.ts'
import type { ServeOptions } from './serve-options.ts'

/** How long clients may take for what waits for them and their goodbye, in milliseconds. A process manager waits five seconds or more. */
const DRAIN_GRACE_MS = 1000

/** What the addresses of pages stand for. */
const PAGE_FILES: Readonly<Record<string, string>> = { '/': '/index.html', '/orders': '/orders.html' }

/** Where the build leaves the pages. */
const PAGES_FOLDER = fileURLToPath(new URL('../../pages', import.meta.url))

/** The server behind `wigwag serve`: channels, pages, health. */
export class ServeServer {
  readonly #options: ServeOptions
  readonly #hub: Hub
  readonly #admission: Admission
  readonly #endpoint: ChannelEndpoint
  readonly #pages = new PageFiles(PAGES_FOLDER)
  readonly #http: HttpListeners

  /** `onStatus` is told when the broker goes away and when it is back. */
  constructor(options: ServeOptions, onStatus: (status: BrokerStatus) => void) {
    this.#options = options
    const { historySize: size, historyTtl: ttlMs, maxPublication, host, port } = options
    const { allowOrigins, allowHosts } = doorPolicies(options)
    const history = { size, ttlMs }
    const broker = createBroker(options, history, onStatus)
    this.#hub = createHub({ ...(broker && { broker }), history, maxPublicationBytes: maxPublication })
    this.#admission = createAdmission(options)
    this.#endpoint = createEndpoint(this.#hub, {
      admission: this.#admission,
      basePath: options.basePath,
      bodyTimeoutMs: options.requestTimeout,
      pingIntervalMs: options.pingInterval,
      maxPollWaitMs: options.maxPollWait,
      perMessageDeflate: options.compress === true,
      ...(options.apiKey && { api: { keys: options.apiKey } }),
      ...(allowOrigins && { allowOrigins }),
      ...(allowHosts && { allowHosts }),
    })
    this.#http = new HttpListeners(options, listenAddresses(host, port), (incoming, response, server) =>
      this.#answer(incoming, response, server),
    )
    this.#http.attach(this.#endpoint)
  }

  /** Connections open now. */
  get connections(): number {
    const { webSocket, sessions, sse, ndjson, poll } = this.#endpoint.stats
    return webSocket.open + (sessions?.open ?? 0) + sse.open + ndjson.open + poll.waiting
  }

  /** Whether the broker is there, and if not, why. */
  get status(): BrokerStatus {
    return this.#hub.status
  }

  /** Resolves when the broker has started, with what there is to say about it; it need not be there. */
  async start(): Promise<string> {
    await this.#hub.started
    const { redis } = this.#options
    if (redis === undefined) return ''
    const { status } = this.#hub
    const where = `Channels are shared through ${describeRedis(redis)}.`
    return status.state === 'connected' ? `${where}\n` : `${where} ${status.why} It is tried again and again.\n`
  }

  /** Listens; resolves with the URLs. Rejects with `CliError` when an address cannot be had. */
  async listen(): Promise<readonly [string, ...string[]]> {
    const { basePath } = this.#options
    const below = (url: string): string => (url.startsWith('unix:') ? url : `${url}${basePath}`)
    const [url, ...others] = await this.#http.listen()
    return [below(url), ...others.map(below)]
  }

  /** Lets nobody new in, has clients leave one after the other, and ends: `closeMs` later at the latest. */
  async close(): Promise<void> {
    // It goes on listening meanwhile: who asks whether it is ready must hear that it is not.
    await this.#hub.drain({ overMs: this.#options.drain, graceMs: DRAIN_GRACE_MS })
    this.#http.close()
    await this.#endpoint.close()
    this.#http.closeAllConnections()
  }

  /** How long `close` may take, in milliseconds. */
  get closeMs(): number {
    return this.#options.drain + DRAIN_GRACE_MS
  }

  #answer(incoming: IncomingMessage, response: ServerResponse, server: Server): void {
    const { basePath } = this.#options
    const refusal = this.#admission.admitRequest(incoming, response) ?? this.#checkHost(incoming, server)
    const path = pathBelow(incoming.url ?? '', basePath)
    if (refusal !== undefined) answerText(response, refusal.status, refusal.message, refusal.headers)
    else if (path === '/health') answerText(response, 200, 'ok')
    else if (path === '/ready') this.#answerReady(response)
    else if (path === '' && (incoming.method === 'GET' || incoming.method === 'HEAD')) {
      response.writeHead(307, { location: slashRedirect(incoming.url ?? '', basePath) }).end()
    } else if (path === undefined || !this.#servePage(path, incoming, response)) this.#answerOther(path, response)
  }

  #answerReady(response: ServerResponse): void {
    const { status, isLeaving } = this.#hub
    if (isLeaving) answerText(response, 503, 'not ready: it is shutting down.', { connection: 'close' })
    else if (status.state === 'connected') answerText(response, 200, 'ready')
    // Everybody may ask: where Redis is and what it said stays in the log.
    else
      answerText(response, 503, `not ready: Redis is away (the log says why). ${whileAway(this.#options.historySize)}`)
  }

  #servePage(path: string, incoming: IncomingMessage, response: ServerResponse): boolean {
    return this.#pages.serve(PAGE_FILES[path] ?? path, incoming, response)
  }

  /** The pages are behind the same door as the channels. */
  #checkHost({ headers: { host } }: IncomingMessage, server: Server): Refusal | undefined {
    const policy = hostPolicyOf(server, doorPolicies(this.#options).allowHosts)
    const refusal = host === undefined ? undefined : checkHost(host, policy)
    return refusal && refuse(403, refusal.message)
  }

  #answerOther(path: string | undefined, response: ServerResponse): void {
    const { basePath } = this.#options
    if (path === '/' && !this.#pages.has('/index.html')) {
      answerText(response, 503, 'The pages are not built; the channels work. In a clone, run: npm run build')
      return
    }
    const where = `Channels are at ${basePath}/channel/NAME, the page to try them at ${basePath}/, an order board at ${basePath}/orders.`
    answerText(response, 404, `There is nothing here. ${where}`)
  }
}

/** Throws `CliError` for keys that are none; it never quotes them. */
function createEndpoint(hub: Hub, options: ChannelEndpointOptions): ChannelEndpoint {
  try {
    return new ChannelEndpoint(hub, options)
  } catch (error) {
    if (error instanceof HubError && options.api !== undefined) {
      throw new CliError(`--api-key (or WIGWAG_API_KEY): ${error.message}`, ExitCode.usage)
    }
    throw error
  }
}

function whileAway(historySize: number): string {
  return historySize > 0
    ? 'Subscribers stay and will recover; publications are refused with 503.'
    : 'Publications reach the subscribers of this node only.'
}
