import { hasPythonModule, WEBSOCKET_PROXIES } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { COMPRESSIONS } from './support/compressions.ts'
import { exchange } from './support/exchange.ts'
import type { ForeignProgram } from './support/foreign-program.ts'
import { OUR_SIDE } from './support/our-side.ts'
import { startPythonPeer, startWsPeer } from './support/programs.ts'
import { randomTraffic } from './support/traffic.ts'

const PEERS = [
  { name: 'ws', isHere: true, start: startWsPeer },
  {
    name: 'python3-websockets',
    isHere: hasPythonModule('websockets'),
    start: () => startPythonPeer('websockets_peer.py'),
  },
]

for (const proxy of WEBSOCKET_PROXIES) {
  describe.skipIf(!proxy.isHere)(`through ${proxy.name}`, () => {
    const via = async (port: number): Promise<number> => {
      const started = await proxy.start(`127.0.0.1:${port}`)
      onTestFinished(() => started[Symbol.asyncDispose]())
      return started.port
    }

    for (const peer of PEERS) {
      describe.skipIf(!peer.isHere)(peer.name, () => {
        let foreign: ForeignProgram
        beforeAll(() => {
          foreign = peer.start()
        })
        afterAll(() => foreign?.[Symbol.asyncDispose]())

        test.each([
          ['as a client of our server', false],
          ['as a client of our server, compressed', true],
          ['as a server for our client', false],
          ['as a server for our client, compressed', true],
        ])('random traffic %s', async (how, isCompressed) => {
          const [client, server] = how.includes('our server') ? [foreign, OUR_SIDE] : [OUR_SIDE, foreign]
          const reports = await exchange(client, server, {
            fromClient: randomTraffic(41),
            fromServer: randomTraffic(42),
            closes: isCompressed ? 'client' : 'server',
            close: { code: 3000, reason: 'gone for tea' },
            compression: isCompressed ? COMPRESSIONS['by the defaults'] : null,
            via,
          })
          expect([reports.client.close.code, reports.server.close.code]).toEqual([3000, 3000])
          const ours = client === OUR_SIDE ? reports.client : reports.server
          if (isCompressed) expect(ours.extensions).toContain('permessage-deflate')
          else expect(ours.extensions).toBe('')
        })
      })
    }
  })
}
