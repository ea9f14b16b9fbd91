import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { type CallOptions, HookCaller } from '../../src/node/http-hooks/hook-caller.ts'
import type { HookError } from '../../src/node/http-hooks/hook-error.ts'
import type { HookName } from '../../src/node/http-hooks/hook-name.ts'
import { type HttpHooksOptions, resolveHttpHooksOptions } from '../../src/node/http-hooks/http-hooks-options.ts'

/** A call that came to the back end. */
export interface ReceivedCall {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  // biome-ignore lint/suspicious/noExplicitAny: tests know what they asked.
  readonly json: any
}

/** Answers a call: with a value as JSON, or by itself when it returns nothing. */
export type Answering = (call: ReceivedCall, response: ServerResponse, request: IncomingMessage) => unknown

/** A back end that answers as the test says. */
export class BackEnd {
  readonly server: Server
  readonly calls: ReceivedCall[] = []
  answer: Answering = () => ({ result: {} })
  /** Connections that were made so far. */
  connections = 0
  readonly #watchers = new Set<() => void>()

  private constructor() {
    this.server = createServer((request, response) => void this.#take(request, response))
    this.server.on('connection', () => {
      this.connections++
    })
  }

  static async start(answer?: Answering): Promise<BackEnd> {
    const backEnd = new BackEnd()
    if (answer !== undefined) backEnd.answer = answer
    backEnd.server.listen(0, '127.0.0.1')
    await once(backEnd.server, 'listening')
    onTestFinished(async () => {
      backEnd.server.closeAllConnections()
      if (backEnd.server.listening) await new Promise((resolve) => backEnd.server.close(resolve))
    })
    return backEnd
  }

  url(path = '/'): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`
  }

  /** Resolves when that many calls have come. */
  async received(count: number): Promise<void> {
    while (this.calls.length < count) {
      await new Promise<void>((resolve) => {
        this.#watchers.add(resolve)
      })
    }
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const text of request.setEncoding('utf8')) body += text
    const call = { path: request.url ?? '', headers: request.headers, body, json: JSON.parse(body) }
    this.calls.push(call)
    for (const tell of this.#watchers) tell()
    this.#watchers.clear()
    const answer = await this.answer(call, response, request)
    if (answer !== undefined) response.end(JSON.stringify(answer))
  }
}

/** Calls one hook at a URL. */
export function callerOf(url: string, options: HttpHooksOptions = {}, name: HookName = 'subscribe') {
  const failures: HookError[] = []
  const resolved = resolveHttpHooksOptions({
    onFailure: (error) => failures.push(error),
    // A busy machine is no failure.
    timeoutMs: 20_000,
    ...options,
    [name]: url,
  })
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  const hook = resolved.hooks[name]
  if (hook === undefined) throw new Error('There is no such hook.')
  const caller = new HookCaller(name, hook, { options: resolved, agent, nowMs: Date.now })
  const call = (fields: object = {}, callOptions: CallOptions = {}): Promise<string> =>
    caller.call(fields, (text) => text, callOptions)
  return { caller, call, failures }
}
