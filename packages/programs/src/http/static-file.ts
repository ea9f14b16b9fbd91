import { createReadStream, type Stats } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { findFile } from '../exec/script-folder.ts'
import { mediaTypeOf } from './media-types.ts'

/** Where files are, and which of them are not for reading. */
export interface StaticOptions {
  readonly folder: string
  /** Folders whose files are run: what they are made of is nobody's business, were they below `folder`. */
  readonly without: readonly string[]
  readonly headers: Readonly<Record<string, string>>
}

/** Answers with a file of a folder, or for a path that ends with a slash with its `index.html`. Returns whether there is one. */
export async function serveStatic(
  path: string,
  incoming: IncomingMessage,
  response: ServerResponse,
  { folder, without, headers }: StaticOptions,
): Promise<boolean> {
  const found = await findFile(folder, path.endsWith('/') ? `${path}index.html` : path)
  if ('why' in found || found.pathInfo !== '') {
    if (path.endsWith('/') || 'pathInfo' in found) return false
    const index = await findFile(folder, `${path}/index.html`)
    if ('why' in index || index.pathInfo !== '') return false
    // Relative, so that it also holds below a path of a proxy.
    response.writeHead(307, { ...headers, location: `./${path.slice(path.lastIndexOf('/') + 1)}/` }).end()
    return true
  }
  if (await isBelow(found.file, without)) return false
  if (incoming.method !== 'GET' && incoming.method !== 'HEAD') {
    response.writeHead(405, { ...headers, allow: 'GET, HEAD' }).end()
    return true
  }
  await send(found.file, await stat(found.file), incoming, response, headers)
  return true
}

async function send(
  file: string,
  { size, mtimeMs }: Stats,
  incoming: IncomingMessage,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const etag = `W/"${size.toString(36)}-${Math.floor(mtimeMs).toString(36)}"`
  const common = { 'x-content-type-options': 'nosniff', ...headers, etag, 'cache-control': 'no-cache' }
  if (incoming.headers['if-none-match'] === etag) {
    response.writeHead(304, common).end()
    return
  }
  response.writeHead(200, { ...common, 'content-type': mediaTypeOf(file), 'content-length': size })
  if (incoming.method === 'HEAD' || size === 0) response.end()
  // A file that grows meanwhile must not be longer than was said.
  else await pipeline(createReadStream(file, { end: size - 1 }), response).catch(() => response.destroy())
}

async function isBelow(file: string, folders: readonly string[]): Promise<boolean> {
  for (const folder of folders) {
    const root = await realpath(folder).catch(() => undefined)
    if (root !== undefined && file.startsWith(root + sep)) return true
  }
  return false
}
