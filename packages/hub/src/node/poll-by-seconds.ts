import type { History, HistoryRange, HistoryStart } from '../broker/broker.ts'
import type { Position } from '../publication/position.ts'
import type { Gap, Publication } from '../publication/publication.ts'
import { PollBatch } from './poll-batch.ts'
import { pollCodec } from './poll-codec.ts'
import type { WaitEnd } from './poll-waits.ts'
import { secondOf, wholeSeconds } from './whole-seconds.ts'

/** How much earlier than it should a timer may fire by another clock, in milliseconds. */
const TIMER_SLACK_MS = 2

/** What time it is. */
interface PollClock {
  /** Milliseconds since 1970. */
  nowMs(): number
  /** Milliseconds of a clock that nobody sets. */
  elapsedMs(): number
}

/** A poll of somebody who knows no position, only the second up to whose end everything is known. */
export interface SecondsPoll {
  /** That second; `'latest'`: it is the first poll, which begins with the latest publication. */
  readonly since: number | 'latest'
  readonly waitMs: number
  readonly maxPollBytes: number
  readonly clock: PollClock
  /** Reads the channel's history. */
  read(from: HistoryStart | undefined, range?: HistoryRange): Promise<History>
  /** Waits for a publication behind where a batch stands, which goes into it, or only for time to go by. */
  wait(waitMs: number, batch?: PollBatch): Promise<WaitEnd>
}

/** What comes while nobody knows a position, and is not stored: it is told at once, or never. */
class UnstoredBatch extends PollBatch {
  override add(encoded: Buffer, publication: Publication): boolean {
    return publication.position === undefined && super.add(encoded, publication)
  }
}

/** What such a poll is answered with. */
export interface SecondsAnswer {
  readonly batch: PollBatch
  /** The second up to whose end everything is known with that. */
  readonly knownS: number
  readonly end: WaitEnd
}

/**
 * Answers in whole seconds, so that a second is as good a place to go on from as a position: none of its publications can
 * follow, and none comes twice. What is stored in the running second waits for its end.
 */
export async function answerBySeconds(poll: SecondsPoll): Promise<SecondsAnswer | 'no-history'> {
  const { nowMs, elapsedMs } = poll.clock
  const untilMs = elapsedMs() + poll.waitMs
  const begun = await begin(poll)
  if (begun === undefined) return 'no-history'
  const { start, knownS } = begun
  let { publications, gap } = begun
  let endedS = -1
  let end: WaitEnd = 'due'
  for (;;) {
    const seconds = wholeSeconds(publications, nowMs(), endedS)
    const running = publications.at(-1)
    if (seconds.length > 0 || (gap !== undefined && running === undefined)) {
      return answerOf(seconds, gap, start, knownS, poll.maxPollBytes)
    }
    const restMs = untilMs - elapsedMs()
    // By the clock that the publication was stored by: ours may show another time, but goes as fast.
    const runningMs = running === undefined ? restMs : (secondOf(running) + 1) * 1000 - running.time + TIMER_SLACK_MS
    if (restMs <= 0 || end === 'time') break
    const unstored = new UnstoredBatch(poll.maxPollBytes)
    unstored.standAt(start)
    end = running === undefined ? await poll.wait(restMs, unstored) : await poll.wait(Math.min(runningMs, restMs))
    if (end !== 'due' && end !== 'time') break
    if (unstored.encoded.length > 0) {
      // Where the stream stands is not what the client was told.
      unstored.standAt(start)
      return { batch: unstored, knownS, end }
    }
    if (running !== undefined && runningMs <= restMs) {
      endedS = secondOf(running)
      end = 'due'
    }
    const history = await poll.read(start)
    publications = history.publications
    gap ??= history.gap
  }
  const batch = new PollBatch(poll.maxPollBytes)
  batch.standAt(start)
  return { batch, knownS, end }
}

/** Where a poll begins to read. */
interface Beginning {
  /** Behind this position, nothing is known to the client. */
  readonly start: Position
  /** What there is behind it. */
  readonly publications: readonly Publication[]
  readonly gap: Gap | undefined
  readonly knownS: number
}

async function begin({ since, read }: SecondsPoll): Promise<Beginning | undefined> {
  const { position, publications: held } = since === 'latest' ? await read('latest') : await read(undefined, {})
  if (position === undefined) return undefined
  const known = since === 'latest' ? -1 : held.findLastIndex((publication) => secondOf(publication) <= since)
  const publications = held.slice(known + 1)
  const [oldest] = held
  // Nothing that is held is known: whether there was something before it a time cannot tell.
  const isCut = known < 0 && since !== 'latest' && (oldest?.position?.offset ?? 1) > 1
  const before = { epoch: position.epoch, offset: (oldest?.position?.offset ?? position.offset + 1) - 1 }
  const gap: Gap | undefined = isCut
    ? { reason: 'history-expired', after: { epoch: position.epoch, offset: 0 }, position }
    : undefined
  // Where nothing is held any second will do that has been: everything that comes is younger.
  const knownS = since === 'latest' ? oldest && secondOf(oldest) - 1 : since
  return { start: held[known]?.position ?? before, publications, gap, knownS: knownS ?? 0 }
}

function answerOf(
  seconds: readonly (readonly Publication[])[],
  gap: Gap | undefined,
  start: Position,
  knownS: number,
  maxPollBytes: number,
): SecondsAnswer {
  const batch = new PollBatch(maxPollBytes)
  batch.standAt(gap?.position ?? start)
  batch.gap = gap
  let answeredS = knownS
  for (const publications of seconds) {
    if (!batch.addSecond(publications.map(pollCodec.encode), publications)) break
    answeredS = secondOf(publications[0] as Publication)
  }
  return { batch, knownS: answeredS, end: 'due' }
}
