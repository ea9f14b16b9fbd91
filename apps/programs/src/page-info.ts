/** What a page is told of the program that it shows. */
export interface PageInfo {
  /** The program and its arguments. */
  readonly title: string
  readonly mode: 'shared' | 'per-connection'
  /** The channel of a shared program's output. */
  readonly channel: string
  /** How a shared program ended, once it has for good. */
  readonly ended?: string
  /** The last line of a shared program that named columns, and its place in the channel. */
  readonly header?: { readonly line: string; readonly offset: number }
}

/** Asks the server that the page came from. */
export async function fetchPageInfo(): Promise<PageInfo> {
  const answer = await fetch(addressOf('wigwag.json'))
  if (!answer.ok) throw new Error(`The server answered with ${answer.status}.`)
  return (await answer.json()) as PageInfo
}

/** Where something beside the page is. A page may have been opened with a password in its address, which may not be sent on. */
export function addressOf(path: string): string {
  return new URL(path, `${location.origin}${location.pathname}`).href
}
