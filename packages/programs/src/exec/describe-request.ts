import { reverse } from 'node:dns/promises'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { CgiRequest } from './cgi-environment.ts'

/** Who has come in with credentials. */
export type CgiUser = NonNullable<CgiRequest['user']>

/** A request, or an upgrade. */
export interface ArrivedRequest {
  readonly incoming: IncomingMessage
  readonly target: string
  readonly headers: Iterable<readonly [string, string]>
  readonly remoteAddress: string
}

/** How it is described. */
export interface DescribeOptions {
  readonly user: CgiUser | undefined
  readonly reverseLookup: boolean
  readonly uniqueId: string
}

/** What a program is told of the request that it is started for. */
export async function describeRequest(
  { incoming, target, headers, remoteAddress }: ArrivedRequest,
  { user, reverseLookup, uniqueId }: DescribeOptions,
): Promise<CgiRequest> {
  const { socket } = incoming
  return {
    method: incoming.method ?? 'GET',
    target,
    httpVersion: incoming.httpVersion,
    headers,
    remoteAddress,
    // Of a client behind a proxy nobody knows the port.
    remotePort: isPeer(socket.remoteAddress, remoteAddress) ? String(socket.remotePort ?? '') : '',
    remoteHost: reverseLookup ? await nameOf(remoteAddress) : undefined,
    isSecure: (socket as TLSSocket).encrypted === true,
    user,
    contentType: incoming.headers['content-type'],
    contentLength: incoming.headers['content-length'],
    uniqueId,
  }
}

function isPeer(peer: string | undefined, client: string): boolean {
  return peer === client || peer === `::ffff:${client}`
}

async function nameOf(address: string): Promise<string | undefined> {
  try {
    return (await reverse(address))[0]
  } catch {
    return undefined // it has none
  }
}
