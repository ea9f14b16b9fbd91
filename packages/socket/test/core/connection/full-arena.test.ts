import { createInflateRaw } from 'node:zlib'
import { nodeDeflate } from '@wigwag/socket'
import {
  answerExtensions,
  Connection,
  ConnectionProfile,
  FrameArena,
  PerMessageDeflate,
  PreparedMessage,
  parseExtensions,
  portableBytes,
} from '@wigwag/socket/core'
import { RecordingSink } from '@wigwag/socket/testing'
import { expect, test } from 'vitest'

/** A server's end that compresses with context takeover, and does `flushed` when its arena is full, as who reads in memory might. */
function compressing(flushed: (connection: Connection) => void): { connection: Connection; sink: RecordingSink } {
  const arena: FrameArena = new FrameArena(portableBytes, 1024, () => {
    flushed(connection)
    arena.recycle()
  })
  const profile = new ConnectionProfile('server', {}, { random: () => 0.5, randomKey: () => 0, arena })
  const parsed = parseExtensions('permessage-deflate')
  if ('fault' in parsed) throw new Error(parsed.fault)
  const extension = new PerMessageDeflate({ thresholdBytes: 0 }, nodeDeflate)
  const { chain } = answerExtensions(parsed.offers, [extension])
  const sink = new RecordingSink()
  const connection = new Connection(profile, sink, 0, chain)
  return { connection, sink }
}

/** The messages as a peer with one inflater reads them. */
async function inflateAll(sink: RecordingSink): Promise<string[]> {
  const inflater = createInflateRaw()
  const texts: string[] = []
  for (const { rsv, payload } of sink.takeFrames()) {
    if (rsv !== 4) texts.push(Buffer.from(payload).toString())
    else {
      const plain: Buffer[] = []
      inflater.on('data', (chunk: Buffer) => plain.push(chunk))
      inflater.write(payload)
      await new Promise<void>((resolve, reject) => {
        inflater.once('error', reject)
        inflater.write(Buffer.of(0, 0, 0xff, 0xff), () => resolve())
      })
      inflater.removeAllListeners()
      texts.push(Buffer.concat(plain).toString())
    }
  }
  return texts
}

const priceOf = (item: number): string => `{"type":"price","item":"amber ${item}","of":"many that are all alike"}`

test.each([
  ['text', (text: string) => text],
  ['prepared messages', (text: string) => new PreparedMessage(text)],
])(
  'whoever sends while a full arena is written sends in an order that the peer can inflate: %s',
  async (_, outgoing) => {
    let inner = 0
    const { connection, sink } = compressing((on) => {
      if (inner++ < 20) on.send(outgoing(priceOf(1000 + inner)))
    })
    for (let item = 0; item < 200; item++) connection.send(outgoing(priceOf(item)))
    const expected = [
      ...Array.from({ length: 200 }, (_unused, item) => priceOf(item)),
      ...Array.from({ length: 20 }, (_unused, item) => priceOf(1001 + item)),
    ]
    expect(inner).toBeGreaterThan(5)
    expect((await inflateAll(sink)).sort()).toEqual(expected.slice(0, 200 + Math.min(inner, 20)).sort())
  },
)
