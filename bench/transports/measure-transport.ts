import type { Pinning } from '../pinning.ts'
import { Program } from '../program.ts'
import type { TransportFigures, TransportSpec } from './transport-spec.ts'

const START_TIMEOUT_MS = 10_000
const MEASURE_TIMEOUT_MS = 60_000

/** Programs as plain JavaScript. */
export interface TransportPrograms {
  readonly server: string
  readonly clients: string
}

/** Measures one transport, with a fresh server and fresh clients. */
export async function measureTransport(
  spec: TransportSpec,
  programs: TransportPrograms,
  pinning: Pinning,
): Promise<TransportFigures> {
  const cores = pinning.mode === 'pinned' ? pinning : { serverCore: undefined, generatorCore: undefined }
  const command = process.execPath
  const server = new Program({ name: 'the server', command, args: [programs.server], core: cores.serverCore })
  try {
    const port = Number(await server.line(/^\d+$/, START_TIMEOUT_MS))
    // A pinned program is the same process as the one that pins it.
    const given = JSON.stringify({ spec, port, serverPid: server.pid })
    const args = [programs.clients, given]
    const clients = new Program({ name: 'the clients', command, args, core: cores.generatorCore })
    try {
      return JSON.parse(await clients.line(/^\{/, MEASURE_TIMEOUT_MS)) as TransportFigures
    } finally {
      await clients.end()
    }
  } finally {
    await server.end()
  }
}
