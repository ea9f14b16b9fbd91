import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, createServer as createTcp, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTls } from 'node:tls'
import { LOCALHOST_CERTIFICATE } from '../../node/support/localhost-certificate.ts'

/** Connects the judge to a server. Resolves when bytes can be written. */
export async function connectJudge(port: number, tls: boolean): Promise<Socket> {
  const options = { host: '127.0.0.1', port, allowHalfOpen: true }
  const tlsOptions = { ca: LOCALHOST_CERTIFICATE.cert, servername: 'localhost' }
  const socket = tls ? connectTls({ ...options, ...tlsOptions }) : connectTcp(options)
  await once(socket, tls ? 'secureConnect' : 'connect')
  return socket
}

/** A server of the judge's that clients are told to connect to, one at a time. */
export interface JudgeServer {
  readonly port: number
  /** The next connection. */
  accept(): Promise<Socket>
  close(): Promise<void>
}

/** Listens for clients. */
export async function listenAsJudge(tls: boolean): Promise<JudgeServer> {
  const server = tls ? createTls({ ...LOCALHOST_CERTIFICATE, allowHalfOpen: true }) : createTcp({ allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    accept: async () => {
      const [socket] = (await once(server, tls ? 'secureConnection' : 'connection')) as [Socket]
      return socket
    },
    close: async () => {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
