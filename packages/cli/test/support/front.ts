import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { connectWebSocket, type NodeWebSocket } from '@wigwag/socket'

/** What clients connect to: the proxy, and the path below which it serves Wigwag. */
export interface Front {
  /** `http://localhost:PORT`, or with a prefix. */
  readonly url: string
  /** The authority of its certificate. */
  readonly ca?: string | undefined
}

/** An answer that has come whole. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** Whether the connection had carried another request before. */
  readonly reusedSocket: boolean
}

/** What is asked. */
export interface Ask {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly agent?: HttpAgent
}

/** The origin of pages that the proxy serves. */
export function originOf({ url }: Front): string {
  return new URL(url).origin
}

/** A connection that is kept. */
export function keepAliveAgent({ url, ca }: Front): HttpAgent {
  const options = { keepAlive: true, maxSockets: 1, ...(ca === undefined ? {} : { ca }) }
  return url.startsWith('https:') ? new HttpsAgent(options) : new HttpAgent(options)
}

/** Sends a request and resolves with its answer. */
export async function ask(front: Front, path: string, what: Ask = {}): Promise<Answer> {
  const { response, reusedSocket } = await send(front, path, what)
  let body = ''
  for await (const chunk of response.setEncoding('utf8')) body += chunk
  return { status: response.statusCode ?? 0, headers: response.headers, body, reusedSocket }
}

/** An answer that comes bit by bit. */
export interface Stream extends Disposable {
  readonly response: IncomingMessage
  /** Resolves with what has come once it matches. Rejects when the stream ends before. */
  until(pattern: RegExp): Promise<string>
  readonly ended: Promise<void>
}

/** Sends a request and resolves when the head of its answer has come. `decode` is what the body is piped through. */
export async function openStream(
  front: Front,
  path: string,
  what: Ask,
  decode: (response: IncomingMessage) => NodeJS.ReadableStream = (response) => response,
): Promise<Stream> {
  const { response } = await send(front, path, what)
  let text = ''
  let hasEnded = false
  const waiting = new Set<() => void>()
  const tell = (): void => {
    for (const check of [...waiting]) check()
  }
  decode(response)
    .setEncoding('utf8')
    .on('data', (chunk: string) => {
      text += chunk
      tell()
    })
    .on('error', () => {})
  response.on('error', () => {})
  const ended = new Promise<void>((resolve) => {
    response.once('close', () => {
      hasEnded = true
      tell()
      resolve()
    })
  })
  return {
    response,
    ended,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (pattern.test(text)) resolve(text)
          else if (hasEnded) reject(new Error(`The stream ended before ${String(pattern)} came: ${text}`))
          else return
          waiting.delete(check)
        }
        waiting.add(check)
        check()
      }),
    [Symbol.dispose]: () => response.destroy(),
  }
}

/** A WebSocket with everything that came on it. */
export interface FrontSocket extends Disposable {
  readonly socket: NodeWebSocket
  /** The next message that was not asked for yet. */
  next(): Promise<string>
  readonly closed: Promise<{ readonly code: number }>
}

/** Connects a WebSocket; rejects as `connectWebSocket` does. */
export async function openSocket(
  { url, ca }: Front,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  subprotocols: readonly string[] = [],
): Promise<FrontSocket> {
  const messages: string[] = []
  let taken = 0
  let arrived = (): void => {}
  let close = (_outcome: { readonly code: number }): void => {}
  const closed = new Promise<{ readonly code: number }>((resolve) => {
    close = resolve
  })
  const socket = await connectWebSocket(url + path, {
    headers,
    subprotocols,
    ...(ca === undefined ? {} : { tls: { ca } }),
    message: (_socket, data) => {
      messages.push(String(data))
      arrived()
    },
    close: (_socket, { code }) => {
      close({ code })
      arrived()
    },
  })
  return {
    socket,
    closed,
    async next() {
      while (messages.length <= taken) {
        if (socket.phase === 'closed') throw new Error('The socket was closed before another message came.')
        await new Promise<void>((resolve) => {
          arrived = resolve
        })
      }
      return messages[taken++] as string
    },
    [Symbol.dispose]: () => socket.terminate(),
  }
}

function send(
  { url, ca }: Front,
  path: string,
  { method = 'GET', headers = {}, body, agent }: Ask,
): Promise<{ response: IncomingMessage; reusedSocket: boolean }> {
  const options: RequestOptions = { method, headers, ...(agent === undefined ? { agent: false } : { agent }) }
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:')
      ? httpsRequest(url + path, { ...options, ...(ca === undefined ? {} : { ca }) })
      : httpRequest(url + path, options)
    request.once('response', (response) => resolve({ response, reusedSocket: request.reusedSocket }))
    request.on('error', reject)
    request.end(body)
  })
}
