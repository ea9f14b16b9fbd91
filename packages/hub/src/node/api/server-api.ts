import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { ErrorCode } from '@wigwag/protocol'
import { Refusal, refuse } from '@wigwag/socket'
import { originForm } from '@wigwag/socket/core'
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import type { Hub } from '../../hub.ts'
import type { ResolvedEndpointOptions } from '../endpoint-options.ts'
import { checkAccess } from '../http-access.ts'
import { batch, findMethod, noMethod } from './api-batch.ts'
import { parseCommands, parseRequest, readJsonText } from './api-body.ts'
import { ApiError, type ApiErrorPacket, apiErrorOf, statusOf } from './api-error.ts'
import { json, text } from './api-fields.ts'
import { ApiKeys } from './api-keys.ts'
import type { ApiContext } from './api-method.ts'
import { API_METHODS } from './api-methods.ts'
import type { ResolvedApiOptions } from './api-options.ts'
import { createOpenApiDocument } from './open-api-document.ts'

type Bindings = { Bindings: HttpBindings }

const NO_KEY = refuse(401, 'Bring a key of the API: X-API-Key: KEY, or Authorization: apikey KEY.', {
  'www-authenticate': 'apikey',
})

/** A command of the older form. */
const command = v.object({ method: text, params: v.optional(json) })

/** The API for servers: `POST /api/METHOD`, with the same methods and JSON as Centrifugo's public server API. */
export class ServerApi {
  readonly #endpoint: ResolvedEndpointOptions
  readonly #context: ApiContext
  readonly #keys: ApiKeys
  readonly #path: string
  readonly #listen: (incoming: IncomingMessage, response: ServerResponse) => Promise<void>
  #document: string | undefined

  constructor(hub: Hub, options: ResolvedApiOptions, endpoint: ResolvedEndpointOptions) {
    this.#endpoint = endpoint
    this.#context = { hub, options }
    this.#keys = new ApiKeys(options.keys)
    this.#path = endpoint.basePath + options.path
    const app = this.#createApp()
    // The application's own Request and Response stay what they are.
    this.#listen = getRequestListener((request, env) => app.fetch(request, env), {
      overrideGlobalObjects: false,
      // For HTTP/1.0, which need not say whom it asks.
      hostname: 'localhost',
    })
  }

  /** Whether a request-target is the API's. */
  matches(target: string): boolean {
    const path = pathOf(target)
    return path === this.#path || path.startsWith(`${this.#path}/`)
  }

  /** Answers a request. Nothing else is done for one without a key; one with a key is not limited by its address. */
  async answer(server: Server, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    // The connection would carry the next request to a server that goes away.
    if (this.#context.hub.isLeaving) response.setHeader('connection', 'close')
    const { admission } = this.#endpoint
    const refusal = this.#keys.admits(incoming)
      ? checkAccess(server, incoming, this.#endpoint)
      : (admission.admitRequest(incoming, response) ?? NO_KEY)
    if (refusal === undefined) await this.#listen(incoming, response)
    else writeRefusal(response, refusal)
  }

  #createApp(): Hono<Bindings> {
    const app = new Hono<Bindings>({
      // Of the request itself: what stands in a `Request` is resolved, and may have left the API.
      getPath: (_request, options) => {
        const { url = '' } = (options as { readonly env: HttpBindings }).env.incoming
        return pathOf(url).slice(this.#path.length) || '/'
      },
    })
    app.get('/openapi.json', () => answerWith(200, this.#describe()))
    app.post('/', (c) => this.#answerCommands(c))
    app.post('/:method', (c) => this.#answerMethod(c, c.req.param('method')))
    app.all('/openapi.json', () => notAllowed('GET'))
    app.all('/', () => notAllowed('POST'))
    app.all('/:method', () => notAllowed('POST'))
    app.notFound((c) => refusalResponse(refuse(404, `There is nothing at ${c.req.path.slice(0, 60)} of the API.`)))
    app.onError((error, c) => failed(c, error, false))
    return app
  }

  async #answerMethod(c: Context<Bindings>, name: string): Promise<Response> {
    const isTransportMode = c.req.header('x-centrifugo-error-mode') === 'transport'
    try {
      if (name === 'batch') return answerWith(200, await batch.call(this.#context, await this.#readRequest(c)))
      const method = API_METHODS.get(name)
      if (method === undefined) return answerWith(404, { error: apiErrorOf(noMethod(name)) }, { connection: 'close' })
      return answerWith(200, { result: await method.call(this.#context, await this.#readRequest(c)) })
    } catch (error) {
      return failed(c, error, isTransportMode)
    }
  }

  async #answerCommands(c: Context<Bindings>): Promise<Response> {
    const { maxBodyBytes, maxBatchCommands } = this.#context.options
    const { bodyTimeoutMs } = this.#endpoint
    try {
      const commands = parseCommands(await readJsonText(c.env.incoming, maxBodyBytes, bodyTimeoutMs))
      if (commands.length > maxBatchCommands) {
        throw new ApiError(ErrorCode.badRequest, `there must be at most ${maxBatchCommands} commands`)
      }
      const replies: string[] = []
      for (const each of commands) replies.push(JSON.stringify(await this.#runCommand(each)))
      return answerWith(200, replies.join('\n'))
    } catch (error) {
      return failed(c, error, false)
    }
  }

  async #runCommand(given: unknown): Promise<{ readonly result: object } | { readonly error: ApiErrorPacket }> {
    try {
      const parsed = v.safeParse(command, given)
      if (!parsed.success) {
        throw new ApiError(ErrorCode.badRequest, 'a command must be an object with method and params')
      }
      const { method, params } = parsed.output
      return { result: await findMethod(method).call(this.#context, params ?? {}) }
    } catch (error) {
      return { error: apiErrorOf(error) }
    }
  }

  async #readRequest(c: Context<Bindings>): Promise<unknown> {
    return parseRequest(
      await readJsonText(c.env.incoming, this.#context.options.maxBodyBytes, this.#endpoint.bodyTimeoutMs),
    )
  }

  #describe(): string {
    this.#document ??= JSON.stringify(createOpenApiDocument(this.#path))
    return this.#document
  }
}

/** The path of a request-target, or of a URL, without its query. */
function pathOf(target: string): string {
  return originForm(target).split('?', 1)[0] ?? ''
}

const HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

function answerWith(status: number, body: object | string, headers: Readonly<Record<string, string>> = {}): Response {
  // No end of line behind it: clients of the older form split the answer at those.
  return new Response(typeof body === 'string' ? body : JSON.stringify(body), {
    status,
    headers: { ...HEADERS, ...headers },
  })
}

function failed(c: Context<Bindings>, error: unknown, isTransportMode: boolean): Response {
  if (error instanceof Refusal) return refusalResponse(error)
  // The caller left; there is nobody to answer, and nothing failed.
  if (error === c.env.incoming.errored) return answerWith(400, '')
  const packet = apiErrorOf(error)
  return answerWith(isTransportMode ? statusOf(packet) : 200, { error: packet })
}

/** Codes of what HTTP refuses. */
const REFUSAL_CODES: Readonly<Record<number, number>> = {
  401: ErrorCode.unauthorized,
  403: ErrorCode.permissionDenied,
  404: ErrorCode.methodNotFound,
  429: ErrorCode.tooManyRequests,
  503: ErrorCode.tooManyRequests,
}

function packetOf({ status, message }: Refusal): { readonly error: ApiErrorPacket } {
  return { error: { code: REFUSAL_CODES[status] ?? ErrorCode.badRequest, message } }
}

function notAllowed(allow: string): Response {
  return refusalResponse(refuse(405, `This takes ${allow}.`, { allow }))
}

/** The rest of a body that was refused must not be taken for the next request. */
function refusalResponse(refusal: Refusal): Response {
  return answerWith(refusal.status, packetOf(refusal), { ...refusal.headers, connection: 'close' })
}

function writeRefusal(response: ServerResponse, refusal: Refusal): void {
  response.writeHead(refusal.status, { ...HEADERS, ...refusal.headers, connection: 'close' })
  response.end(JSON.stringify(packetOf(refusal)))
}
