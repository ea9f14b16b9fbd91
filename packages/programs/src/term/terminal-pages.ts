import type { IncomingMessage, ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { answerText } from '@wigwag/socket'
import { CHALLENGE, type Credentials } from '../access/credentials.ts'
import { PageFiles } from '../http/page-files.ts'
import type { OneTimeTickets } from './one-time-tickets.ts'

/** Where the build leaves the page. */
const FOLDER = fileURLToPath(new URL('../../terminal', import.meta.url))

/**
 * The page loads nothing from elsewhere and runs nothing inline. Styles are the exception: xterm.js writes rules for its colours
 * and sizes into the document. What a program prints becomes text in it, never markup.
 */
const HEADERS = {
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
}

/** What a terminal serves besides its WebSocket: its page, and the tickets that let the page in. */
export class TerminalPages {
  readonly #files = new PageFiles(FOLDER)
  readonly #credentials: Credentials | undefined
  readonly #tickets: OneTimeTickets

  constructor(credentials: Credentials | undefined, tickets: OneTimeTickets) {
    this.#credentials = credentials
    this.#tickets = tickets
  }

  /** Answers a request for `path`, below the base path. */
  answer(path: string, incoming: IncomingMessage, response: ServerResponse): void {
    // The page has no secret in it. Who has a link to read needs it before they can show that.
    const isOpen = path === '/view' || path.startsWith('/assets/')
    const user = isOpen ? '' : this.#userOf(incoming)
    if (user === undefined) answerText(response, 401, 'A name and a password are needed.', CHALLENGE)
    else if (path === '/token') this.#answerToken(user, incoming, response)
    else {
      const name = path === '/' || path === '/view' ? '/index.html' : path
      if (!this.#files.serve(name, incoming, response, HEADERS)) this.#answerOther(path, response)
    }
  }

  /** Who asks; `''` where nobody is asked for a name. */
  #userOf(incoming: IncomingMessage): string | undefined {
    return this.#credentials === undefined ? '' : this.#credentials.check(incoming.headers.authorization)
  }

  /** ttyd answers with the credential itself. A ticket is good once, for half a minute. */
  #answerToken(user: string, incoming: IncomingMessage, response: ServerResponse): void {
    if (incoming.method !== 'GET' && incoming.method !== 'HEAD') {
      answerText(response, 405, 'GET it.', { allow: 'GET, HEAD' })
      return
    }
    const token = this.#credentials === undefined ? '' : this.#tickets.issue(user)
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store', ...HEADERS })
    response.end(JSON.stringify({ token }))
  }

  #answerOther(path: string, response: ServerResponse): void {
    if (path === '/' || path === '/view') {
      answerText(response, 503, 'The page is not built; the WebSocket works. In a clone, run: npm run build')
    } else answerText(response, 404, 'There is nothing here.')
  }
}
