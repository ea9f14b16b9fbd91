import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mediaTypeOf } from './media-types.ts'

/** Where the build leaves the pages. */
const PAGES_FOLDER = fileURLToPath(new URL('../../pages', import.meta.url))

/** A page loads nothing from elsewhere, and nothing inline. */
const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
}

interface PageFile {
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

/** The files of pages, read into memory once: nothing outside them can be asked for. */
export class PageFiles {
  readonly #files = new Map<string, PageFile>()

  /** Reads all of `folder`; there are no files where that does not exist. Default: the pages of this package. */
  constructor(folder: string = PAGES_FOLDER) {
    for (const file of listFiles(folder))
      this.#files.set(`/${relative(folder, file).split(sep).join('/')}`, readPage(file))
  }

  /** Whether there is a file at `path`: there is none before the pages have been built. */
  has(path: string): boolean {
    return this.#files.has(path)
  }

  /** Answers with the file at `path`, and `headers` besides or in place of the usual ones. Returns whether there is one. */
  serve(
    path: string,
    incoming: IncomingMessage,
    response: ServerResponse,
    headers: Readonly<Record<string, string>> = {},
  ): boolean {
    const file = this.#files.get(path)
    if (file === undefined) return false
    const all = { ...SECURITY_HEADERS, ...headers }
    if (incoming.method !== 'GET' && incoming.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD', ...all }).end()
    } else if (incoming.headers['if-none-match'] === file.headers['etag']) {
      response.writeHead(304, { ...all, etag: file.headers['etag'] }).end()
    } else {
      response.writeHead(200, { ...all, ...file.headers })
      response.end(incoming.method === 'HEAD' ? undefined : file.body)
    }
    return true
  }
}

function readPage(file: string): PageFile {
  const body = readFileSync(file)
  // Assets have a hash of their content in their names.
  const hashed = file.includes(`${sep}assets${sep}`)
  return {
    body,
    headers: {
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      'content-type': mediaTypeOf(file),
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
