import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Compression, Report, SessionSpec } from './session.ts'
import type { Side } from './side.ts'
import { type Traffic, withoutPings } from './traffic.ts'

/** What two sides do on one connection. */
export interface Exchange {
  /** What the client sends; `'echo'` when it sends back what the server sends. */
  readonly fromClient: Traffic | 'echo'
  readonly fromServer: Traffic | 'echo'
  /** Who closes when all is done. Default: the client, with 1000. */
  readonly closes?: 'client' | 'server'
  readonly close?: { readonly code?: number; readonly reason?: string }
  readonly subprotocols?: readonly string[]
  readonly compression?: Compression | null
  /** Largest message that each accepts, in bytes. Default 8 MiB. */
  readonly limits?: { readonly client?: number; readonly server?: number }
  readonly tls?: SessionSpec['tls']
  /** What stands between them: gives the port that leads to the server's. */
  readonly via?: (port: number) => Promise<number>
}

/** What each side saw. */
export interface Reports {
  readonly client: Report
  readonly server: Report
}

const MAX_MESSAGE_BYTES = 8 * 1024 * 1024

/** Lets two sides talk until one closes; compares every message, ping and pong with what was sent. Returns what else they saw. */
export async function exchange(client: Side, server: Side, what: Exchange): Promise<Reports> {
  const reports = await converse(client, server, what)
  const { fromClient, fromServer } = what
  const clientSends = fromClient === 'echo' ? withoutPings(fromServer as Traffic) : fromClient
  const serverSends = fromServer === 'echo' ? withoutPings(fromClient as Traffic) : fromServer
  compareTraffic(client, clientSends, server, reports.server, reports.client)
  compareTraffic(server, serverSends, client, reports.client, reports.server)
  return reports
}

/** Lets two sides talk until one closes; compares nothing. */
export async function converse(client: Side, server: Side, what: Exchange): Promise<Reports> {
  const { fromClient, fromServer, closes = 'client', close = { code: 1000 }, via = async (port) => port } = what
  const countOf = (traffic: Traffic | 'echo', other: Traffic | 'echo'): number =>
    traffic !== 'echo' ? traffic.messages.length : other === 'echo' ? 0 : other.messages.length
  const common = {
    subprotocols: what.subprotocols ?? [],
    compression: what.compression ?? null,
    tls: what.tls ?? null,
  }
  const { port, report } = await server.listen({
    ...common,
    maxMessageBytes: what.limits?.server ?? MAX_MESSAGE_BYTES,
    sends: fromServer === 'echo' ? null : fromServer.file,
    expects: countOf(fromClient, fromServer),
    close: closes === 'server' ? close : null,
  })
  const scheme = what.tls ? 'wss' : 'ws'
  const clientReport = client.connect(`${scheme}://127.0.0.1:${await via(port)}/`, {
    ...common,
    maxMessageBytes: what.limits?.client ?? MAX_MESSAGE_BYTES,
    sends: fromClient === 'echo' ? null : fromClient.file,
    expects: countOf(fromServer, fromClient),
    close: closes === 'client' ? close : null,
  })
  const [ofClient, ofServer] = await Promise.all([clientReport, report])
  return { client: ofClient, server: ofServer }
}

/** Throws an error that names the first message that differs. */
function compareTraffic(from: Side, sent: Traffic, to: Side, receiver: Report, sender: Report): void {
  compareLists(`message from ${from.name} to ${to.name}`, sent.messages, receiver.received)
  if (!sender.sendsPings) return
  if (receiver.pings !== null) compareLists(`ping from ${from.name} to ${to.name}`, sent.pings, receiver.pings)
  if (sender.pongs !== null) comparePongs(`${to.name} to ${from.name}`, sent.pings, sender.pongs)
}

function compareLists(what: string, expected: readonly string[], actual: readonly string[]): void {
  const index = expected.findIndex((item, i) => item !== actual[i])
  const at = index < 0 && actual.length > expected.length ? expected.length : index
  if (at < 0) return
  throw new Error(
    `${what} #${at} of ${expected.length} was «${expected[at] ?? 'none'}», and «${actual[at] ?? 'none'}» came; ` +
      `before it «${expected[at - 1] ?? 'none'}», ${actual.length} came in all.`,
  )
}

/** RFC 6455 §5.5.3: whoever has several pings to answer may answer the last of them only. */
function comparePongs(what: string, pings: readonly string[], pongs: readonly string[]): void {
  const places = pongs.map((pong) => pings.indexOf(pong))
  const inOrder = places.every((place, i) => place > (places[i - 1] ?? -1))
  if (inOrder && (places.at(-1) ?? -1) === pings.length - 1) return
  throw new Error(`The pongs from ${what} answer pings ${places.join(', ')} of ${pings.length}.`)
}

/** Writes a certificate and its key where programs can read them. */
export function writeCertificate(
  folder: string,
  { cert, key }: { cert: string; key: string },
): { cert: string; key: string } {
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  writeFileSync(files.cert, cert)
  writeFileSync(files.key, key)
  return files
}
