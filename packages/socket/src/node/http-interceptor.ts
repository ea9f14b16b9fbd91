import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { answerText } from './answer-text.ts'
import { servePlainRequest } from './plain-request.ts'

/** Takes what it answers for out of a server's requests. Each method returns whether it took the request over. */
export interface HttpInterceptor {
  request?(incoming: IncomingMessage, response: ServerResponse): boolean
  upgrade?(incoming: IncomingMessage, socket: Socket, head: Buffer): boolean
}

const installed = new WeakMap<HttpServer, HttpInterceptor[]>()

/**
 * Lets `interceptor` see the requests of an `http` or `https` server before the application's listeners do, whether
 * these were added earlier or later, and leaves all others alone. Returns the function that undoes it.
 */
export function interceptHttp(server: HttpServer, interceptor: HttpInterceptor): () => void {
  let interceptors = installed.get(server)
  if (interceptors === undefined) {
    interceptors = []
    installed.set(server, interceptors)
    install(server, interceptors)
  }
  interceptors.push(interceptor)
  return () => {
    const index = interceptors.indexOf(interceptor)
    if (index >= 0) interceptors.splice(index, 1)
  }
}

function install(server: HttpServer, interceptors: readonly HttpInterceptor[]): void {
  // Node's listeners cannot keep an event from the next one, and another listener (of `ws`, say) answers paths that are
  // not its own with 400. So the event is taken before there is one.
  const emit = server.emit
  server.emit = function interceptedEmit(this: HttpServer, event: string | symbol, ...rest: unknown[]): boolean {
    if (event === 'request') {
      const [incoming, response] = rest as [IncomingMessage, ServerResponse]
      if (interceptors.some((interceptor) => interceptor.request?.(incoming, response))) return true
      // Node leaves what nobody listens for without an answer.
      if (this.listenerCount(event) === 0) {
        answerText(response, 404, 'There is nothing at this path.')
        return true
      }
    } else if (event === 'upgrade') {
      const [incoming, socket, head] = rest as [IncomingMessage, Socket, Buffer]
      if (afterAnswers(socket, () => this.emit(event, ...rest))) return true
      if (interceptors.some((interceptor) => interceptor.upgrade?.(incoming, socket, head))) return true
    }
    return Reflect.apply(emit, this, [event, ...rest]) as boolean
  }
  // Node reports upgrades only to a server that listens for them. Where nobody else does, those that nobody took are
  // what they would be without us: plain requests.
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    if (server.listenerCount('upgrade') === 1) servePlainRequest(server, incoming, socket, head)
  })
}

/**
 * A client may send an upgrade right behind requests that are not answered yet (RFC 9112 §9.3.2), and Node reports it
 * at once: what we wrote would overtake their answers. Calls `proceed` when all have gone out, unless the client has left.
 * Returns whether there was anything to wait for.
 */
function afterAnswers(socket: Socket, proceed: () => void): boolean {
  // Node's own record of the response that has the socket; there is no public one.
  const { _httpMessage: answer } = socket as Socket & { _httpMessage?: ServerResponse | null }
  if (answer === undefined || answer === null) return false
  const ignore = (): void => {}
  socket.on('error', ignore)
  answer.once('close', () => {
    if (socket.destroyed) return // its 'error' may be still to come
    socket.off('error', ignore)
    proceed()
  })
  return true
}
