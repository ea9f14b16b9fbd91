import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the build leaves the pages. */
const PAGES_FOLDER = fileURLToPath(new URL('../../pages', import.meta.url))

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.map': 'application/json',
}

/** The page loads nothing from elsewhere, and nothing inline. */
const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
}

interface Page {
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

/** The pages of `wigwag serve`, read into memory once: nothing outside them can be asked for. */
export class Pages {
  readonly #pages = new Map<string, Page>()

  constructor(folder: string = PAGES_FOLDER) {
    for (const file of listFiles(folder)) {
      const path = `/${relative(folder, file).split(sep).join('/')}`
      const page = readPage(file)
      this.#pages.set(path === '/index.html' ? '/' : path, page)
    }
  }

  /** Whether the pages have been built. */
  get built(): boolean {
    return this.#pages.has('/')
  }

  /** Answers a request for the page at `path`. Returns whether there is one. */
  serve(path: string, incoming: IncomingMessage, response: ServerResponse): boolean {
    const page = this.#pages.get(path)
    if (page === undefined) return false
    if (incoming.method !== 'GET' && incoming.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD', ...SECURITY_HEADERS }).end()
    } else if (incoming.headers['if-none-match'] === page.headers['etag']) {
      response.writeHead(304, { ...SECURITY_HEADERS, etag: page.headers['etag'] }).end()
    } else {
      response.writeHead(200, { ...SECURITY_HEADERS, ...page.headers })
      response.end(incoming.method === 'HEAD' ? undefined : page.body)
    }
    return true
  }
}

function readPage(file: string): Page {
  const body = readFileSync(file)
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  // Assets have a hash of their content in their names.
  const hashed = file.includes(`${sep}assets${sep}`)
  return {
    body,
    headers: {
      etag,
      'content-type': MEDIA_TYPES[extname(file)] ?? 'application/octet-stream',
      'content-length': String(body.length),
      'cache-control': hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    },
  }
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).isFile())
  } catch {
    return []
  }
}
