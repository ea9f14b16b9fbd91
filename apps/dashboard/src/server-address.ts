/** Where the server is, for people: its host, and the path that a proxy or the server itself puts it below. */
export function serverAddress(pageUrl: string): string {
  const { host, pathname } = new URL('.', pageUrl)
  return host + pathname.replace(/\/$/, '')
}
