import type { Publication } from '../publication/publication.ts'

/** How far apart the clocks of this process and of the broker may be, in milliseconds. */
const CLOCK_MARGIN_MS = 1000

/** The second in which something was stored. */
export function secondOf({ time }: Pick<Publication, 'time'>): number {
  return Math.floor(time / 1000)
}

/** Whether nothing more can be stored in a second. */
function isOver(second: number, nowMs: number): boolean {
  return nowMs - CLOCK_MARGIN_MS >= (second + 1) * 1000
}

/** The second up to whose end everything is known to whoever was told this publication, and nothing before it was left out. */
export function knownSecond(publication: Publication, nowMs: number): number {
  const second = secondOf(publication)
  return isOver(second, nowMs) ? second : second - 1
}

/**
 * Publications by the seconds in which they were stored, as far as those are over: nobody who knows a second knows half of
 * it. `endedS` is the last one that is known to be over whatever the time is.
 */
export function wholeSeconds(
  publications: readonly Publication[],
  nowMs: number,
  endedS: number,
): readonly (readonly Publication[])[] {
  const seconds: Publication[][] = []
  for (const publication of publications) {
    const current = seconds.at(-1)
    if (current?.[0] !== undefined && secondOf(current[0]) === secondOf(publication)) current.push(publication)
    else seconds.push([publication])
  }
  const running = seconds.at(-1)?.[0]
  // One that has another behind it is over by the clock that counts.
  if (running !== undefined && secondOf(running) > endedS && !isOver(secondOf(running), nowMs)) seconds.pop()
  return seconds
}
