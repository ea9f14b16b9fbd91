import { frameBytes, TEST_MASK } from '@wigwag/socket/testing'
import type { ConformanceCase } from '../judge/conformance-case.ts'
import type { Exchange } from '../judge/exchange.ts'
import { Fault } from '../judge/fault.ts'
import { BOTH, check, echo, type Step, send } from '../judge/step.ts'

const KIB = 1024
const MIB = 1024 * KIB
/** More than the kernels' buffers of both directions hold. */
const MOST_BYTES = 96 * MIB
/** So many turns of the event loop without a byte taken: the subject does not read any more. */
const STUCK_TURNS = 200

const turn = (): Promise<void> => new Promise(setImmediate)

interface Flood {
  readonly sent: number
  readonly highestBuffered: number
  readonly stuck: boolean
}

/** Sends the same again and again without reading, until the subject takes no more or `mostBytes` are sent. */
async function flood({ line, application }: Exchange, chunk: Uint8Array, mostBytes: number): Promise<Flood> {
  line.pause()
  let sent = 0
  let highestBuffered = 0
  let stillTurns = 0
  let before = 0
  while (sent * chunk.length < mostBytes && stillTurns < STUCK_TURNS) {
    if (line.unsentBytes < chunk.length) {
      await line.write(chunk)
      sent++
    } else await turn()
    highestBuffered = Math.max(highestBuffered, application.bufferedAmount)
    stillTurns = line.unsentBytes > 0 && line.unsentBytes === before ? stillTurns + 1 : 0
    before = line.unsentBytes
  }
  return { sent, highestBuffered, stuck: stillTurns === STUCK_TURNS }
}

/** Masked, whatever the role needs. */
function encode(exchange: Exchange, opcode: number, payload: Uint8Array): Uint8Array {
  return frameBytes({ opcode, payload, ...(exchange.role === 'server' ? { mask: TEST_MASK } : {}) })
}

const neverRead: Step = check('a peer that never reads its echoes', async (exchange) => {
  const payload = new Uint8Array(64 * KIB).fill(7)
  const { sent, highestBuffered, stuck } = await flood(exchange, encode(exchange, 2, payload), MOST_BYTES)
  if (!stuck) throw new Fault(`it took ${sent} messages of 64 KiB, though its echoes were not read`)
  if (highestBuffered > MIB) throw new Fault(`it kept ${highestBuffered} bytes for a peer that does not read`)
  exchange.line.resume()
  for (let i = 0; i < sent; i++) {
    const event = await exchange.next(`echo ${i + 1} of ${sent}`)
    const right =
      event.type === 'message' && typeof event.data !== 'string' && Buffer.compare(event.data, payload) === 0
    if (!right) throw new Fault(`echo ${i + 1} of ${sent} is not what was sent`)
  }
})

const neverReadPongs: Step = check('a peer that never reads its pongs', async (exchange) => {
  const pings = Buffer.concat(Array.from({ length: 500 }, () => encode(exchange, 9, new Uint8Array(125).fill(7))))
  const { highestBuffered } = await flood(exchange, pings, 12 * MIB)
  if (highestBuffered > 2.5 * MIB) throw new Fault(`it kept ${highestBuffered} bytes of pongs`)
  exchange.line.reset()
  exchange.abandon()
})

function overNetwork(title: string, step: Step, more: readonly Step[]): ConformanceCase {
  return {
    section: 'RFC 6455 §10.4',
    title,
    roles: BOTH,
    over: 'network',
    options: { maxControlFramesPerSecond: 1_000_000 },
    exchanges: [[step, ...more]],
  }
}

/** Memory of those who are not read. */
export const backpressure: readonly ConformanceCase[] = [
  overNetwork(
    'a peer that does not read its echoes is not read either, keeps little waiting, and gets all of them later',
    neverRead,
    [send({ opcode: 1, payload: 'still there' }), echo('still there')],
  ),
  overNetwork('pings from a peer that does not read its pongs keep little waiting', neverReadPongs, []),
]
