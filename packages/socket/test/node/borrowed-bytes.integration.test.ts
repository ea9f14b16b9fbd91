import { expect, test } from 'vitest'
import { digest, patternBytes } from './support/digest.ts'
import { openServer } from './support/open-server.ts'
import { RawPeer } from './support/raw-peer.ts'

const SIZES = [0, 5, 125, 126, 1000, 16_383, 16_384, 16_385, 40_000, 70_000]

test("with bytesAs 'borrowed' what is sent on reaches its peer as it came, whatever else is read meanwhile", async () => {
  const { port } = await openServer({ bytesAs: 'borrowed', message: (socket, data) => void socket.send(data) })
  const peers: RawPeer[] = []
  for (let i = 0; i < 4; i++) peers.push(await RawPeer.upgrade(port))
  const sent = peers.map((peer, at) =>
    Array.from({ length: 40 }, (_, round) => {
      const payload = patternBytes(SIZES[(round + at) % SIZES.length] as number, at * 100 + round)
      peer.frame(2, payload)
      return digest(payload)
    }),
  )
  for (const [at, peer] of peers.entries()) {
    await peer.until(() => peer.messages >= 40)
    expect(peer.frames.map(({ payload }) => digest(payload))).toEqual(sent[at])
  }
})
