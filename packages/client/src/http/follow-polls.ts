import { closeReason } from '../reason/close-reason.ts'
import type { HttpLine } from './http-line.ts'
import { reasonOfResponse } from './reason-of-response.ts'

/** What a poll is answered with. */
interface PollAnswer {
  /** The number of the last packet. */
  readonly last: number
  readonly packets: readonly unknown[]
}

/** A hub that answers a wait at once, with nothing, is not asked more often than that, in milliseconds. */
const MIN_PAUSE_MS = 100

/**
 * Polls a session that begins with the line's greeting. `waitSeconds`: how long the hub may keep a poll; `pauseMs`: how long to wait
 * before the next. A poll that got no answer is asked once more: its packets are numbered, so that nothing is lost or comes twice.
 */
export async function followPolls(line: HttpLine, waitSeconds: number, pauseMs: number): Promise<void> {
  const begun = line.endpoint('connection/long_poll')
  // It is answered with its first packets, whenever they are there.
  begun.searchParams.set('wait', String(Math.max(waitSeconds, 10)))
  let last = await line.post(begun, line.greeting(), (response) => take(line, response, 0))
  const { address } = line
  if (address === undefined) return line.lost({ text: 'there was no answer in time' })
  const url = line.endpoint('connection/long_poll', `wait=${waitSeconds}`)
  let hurry = (): void => {}
  // What was said will be answered.
  line.arrived = () => hurry()
  for (;;) {
    const isPaused = pauseMs > 0
    if (isPaused) await line.pause(pauseMs, (now) => (hurry = now))
    const body = JSON.stringify({ ...address, last })
    const before = last
    const ask = (): Promise<number> => line.post(url, body, (response) => take(line, response, before))
    last = await ask().catch(ask)
    if (!isPaused && last === before) await line.pause(MIN_PAUSE_MS, () => {})
  }
}

/** Hands on what came. Resolves with the number of the last packet. */
async function take(line: HttpLine, response: Response, last: number): Promise<number> {
  const isJson = response.headers.get('content-type')?.startsWith('application/json')
  if (!response.ok || !isJson) {
    line.end(await reasonOfResponse(response, line.address === undefined ? 'unreachable' : 'lost'))
    return last
  }
  const answer = (await response.json()) as PollAnswer
  if (!Array.isArray(answer?.packets) || answer.last !== last + answer.packets.length) {
    line.end(closeReason('notAHub', { text: 'what answered is no answer to a poll' }))
    return last
  }
  line.received(answer.packets.map((packet) => JSON.stringify(packet)).join('\n'))
  return answer.last
}
