import { LoadConnection, type LoadConnectionOptions } from './load-connection.ts'

const AT_ONCE = 64

/** Opens many connections, at most 64 at a time. */
export async function openConnections(all: readonly LoadConnectionOptions[]): Promise<LoadConnection[]> {
  const opened: LoadConnection[] = []
  for (let at = 0; at < all.length; at += AT_ONCE) {
    opened.push(...(await Promise.all(all.slice(at, at + AT_ONCE).map((options) => LoadConnection.open(options)))))
  }
  return opened
}
