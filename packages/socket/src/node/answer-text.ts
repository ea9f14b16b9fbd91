import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'

/**
 * Answers a request with one line of plain text, which nobody caches and no browser takes for anything else. `headers`
 * come besides, or in place of those.
 */
export function answerText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: OutgoingHttpHeaders = {},
): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  })
  response.end(`${text}\n`)
}
