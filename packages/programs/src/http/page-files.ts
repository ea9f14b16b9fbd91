import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { acceptsGzip } from './accepts-gzip.ts'
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

/** What is text, and so gets smaller. */
const COMPRESSIBLE = /^(?:text\/|application\/(?:json|xml)|image\/svg)/

/** The files of pages, read into memory once: nothing outside them can be asked for. */
export class PageFiles {
  readonly #files = new Map<string, PageFile>()
  /** The same in gzip, made when it is first asked for. */
  readonly #compressed = new Map<string, PageFile>()

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
    const plain = this.#files.get(path)
    if (plain === undefined) return false
    const file = acceptsGzip(incoming.headers['accept-encoding']?.toString()) ? this.#compress(path, plain) : plain
    const all = { ...SECURITY_HEADERS, ...headers }
    if (incoming.method !== 'GET' && incoming.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD', ...all }).end()
    } else if (incoming.headers['if-none-match'] === file.headers['etag']) {
      const { etag, vary } = file.headers
      response.writeHead(304, { ...all, etag, ...(vary && { vary }) }).end()
    } else {
      response.writeHead(200, { ...all, ...file.headers })
      response.end(incoming.method === 'HEAD' ? undefined : file.body)
    }
    return true
  }

  #compress(path: string, plain: PageFile): PageFile {
    const known = this.#compressed.get(path)
    if (known !== undefined) return known
    const file = COMPRESSIBLE.test(plain.headers['content-type'] ?? '') ? compress(plain) : plain
    this.#compressed.set(path, file)
    return file
  }
}

/** Who has no secret in a page, and lets nobody write into it, may compress it once for all. */
function compress({ body, headers }: PageFile): PageFile {
  const compressed = gzipSync(body, { level: 9 })
  const { etag = '' } = headers
  return {
    body: compressed,
    headers: {
      ...headers,
      etag: etag.replace(/"$/, '-gzip"'),
      'content-encoding': 'gzip',
      'content-length': String(compressed.length),
    },
  }
}

function readPage(file: string): PageFile {
  const body = readFileSync(file)
  // Assets have a hash of their content in their names.
  const hashed = file.includes(`${sep}assets${sep}`)
  const type = mediaTypeOf(file)
  return {
    body,
    headers: {
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      'content-type': type,
      ...(COMPRESSIBLE.test(type) && { vary: 'accept-encoding' }),
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
