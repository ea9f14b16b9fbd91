import { FrameArena, type FrameOutput, FrameWriter, PreparedMessage } from '@wigwag/socket/core'
import { nodeBytes } from '@wigwag/socket/driver'
import { frameHeader } from '../../generator/traffic.ts'
import { assertSame, type Contender, type MicroCase } from '../micro-case.ts'
import type { PeerModules } from '../peer-modules.ts'
import { asciiText, sizeName } from './payloads.ts'

const RECEIVERS = 100

/** One text for a hundred receivers, as frames; what a socket does with them is not in it. */
export function preparedCases(peers: PeerModules): MicroCase[] {
  return [128, 1024, 16 * 1024].map((size) => ({
    name: `prepare ${sizeName(size)}`,
    about: `one string, encoded for each of ${RECEIVERS} receivers`,
    operations: RECEIVERS,
    contenders: [prepared(asciiText(size)), each(asciiText(size)), ws(asciiText(size), peers)],
  }))
}

/** Takes what goes to each receiver. */
class Receivers implements FrameOutput {
  bytes = 0
  frames: Uint8Array[] | undefined
  write(buffer: Uint8Array, start: number, end: number): void {
    this.bytes += end - start
    this.frames?.push(buffer.slice(start, end))
  }
}

function contender(name: string, text: string, broadcast: (receivers: Receivers) => void): Contender {
  const payload = Buffer.from(text)
  const frame = Buffer.concat([frameHeader(1, payload.length, 0), payload])
  const receivers = new Receivers()
  return {
    name,
    run(times) {
      receivers.bytes = 0
      for (let i = 0; i < times; i++) broadcast(receivers)
      return receivers.bytes
    },
    check() {
      const once = new Receivers()
      once.frames = []
      broadcast(once)
      const expected = Buffer.concat(Array.from({ length: RECEIVERS }, () => frame))
      assertSame(name, Buffer.concat(once.frames), expected)
    },
  }
}

function prepared(text: string): Contender {
  const arena = new FrameArena(nodeBytes)
  const writer = new FrameWriter('server', nodeBytes, arena, () => 0)
  return contender('wigwag, PreparedMessage', text, (receivers) => {
    const message = new PreparedMessage(text)
    for (let i = 0; i < RECEIVERS; i++) writer.prepared(message, receivers)
    arena.recycle()
  })
}

function each(text: string): Contender {
  const arena = new FrameArena(nodeBytes, 4 * 1024 * 1024)
  const writer = new FrameWriter('server', nodeBytes, arena, () => 0)
  return contender('wigwag, strings', text, (receivers) => {
    for (let i = 0; i < RECEIVERS; i++) writer.text(text, receivers)
    arena.recycle()
  })
}

function ws(text: string, { Sender }: PeerModules): Contender {
  return contender('ws', text, (receivers) => {
    for (let i = 0; i < RECEIVERS; i++) {
      const payload = Buffer.from(text)
      const frame = Sender.frame(payload, { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: false })
      if (receivers.frames === undefined) for (const part of frame) receivers.write(part, 0, part.length)
      else
        receivers.write(
          Buffer.concat(frame),
          0,
          frame.reduce((sum, part) => sum + part.length, 0),
        )
    }
  })
}
