import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { httpHooks } from '@wigwag/hub/node'
import { expect, onTestFinished, test } from 'vitest'
import { LOCALHOST_CERTIFICATE } from '../../../socket/test/node/support/localhost-certificate.ts'

const { key, cert } = LOCALHOST_CERTIFICATE

/** A back end behind TLS that says yes to everybody, and how it knows who asks. */
async function serveSecurely(): Promise<{ url: string; askers: string[]; connections: () => number }> {
  const askers: string[] = []
  let connections = 0
  const server = createServer(
    { key, cert, ca: cert, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      askers.push((request.socket as TLSSocket).authorized ? 'known' : 'unknown')
      request.resume().on('end', () => response.end('{"result":{"user":"ada"}}'))
    },
  )
  server.on('secureConnection', () => {
    connections++
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `https://localhost:${(server.address() as AddressInfo).port}/`, askers, connections: () => connections }
}

test('a back end whose certificate nobody vouches for is not asked', async () => {
  const { url, askers } = await serveSecurely()
  const hooks = httpHooks({ connect: url })
  await expect(hooks.authenticator.authenticate({})).rejects.toMatchObject({ code: 'ERR_HOOK_UNREACHABLE' })
  expect(askers).toEqual([])
  await hooks.close()
})

test('one of an authority of its own is, and sees who asks; the connection is kept', async () => {
  const { url, askers, connections } = await serveSecurely()
  const hooks = httpHooks({ connect: url, tls: { ca: cert, key, cert } })
  for (let i = 0; i < 3; i++) expect(await hooks.authenticator.authenticate({})).toEqual({ user: 'ada' })
  expect([askers, connections()]).toEqual([['known', 'known', 'known'], 1])
  await hooks.close()
})
