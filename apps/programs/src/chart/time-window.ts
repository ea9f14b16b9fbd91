/** Time windows to choose from, in seconds; 0 is all that is kept. */
export const TIME_WINDOWS: readonly (readonly [number, string])[] = [
  [60, '1 minute'],
  [300, '5 minutes'],
  [900, '15 minutes'],
  [3600, '1 hour'],
  [0, 'Everything'],
]

/** The place from which `times`, which rise, are drawn: one before `start`, so that lines come in from the edge. */
export function indexFrom(times: readonly number[], start: number): number {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] as number) < start) low = middle + 1
    else high = middle
  }
  return Math.max(0, low - 1)
}

/** The shortest time that is drawn, in seconds. */
const SHORTEST = 10

/** Where the drawing begins: a window before its end, or where values begin if they are younger. */
export function startOf(times: readonly number[], end: number, windowSeconds: number): number {
  const first = Math.min(times[0] ?? end, end - SHORTEST)
  return windowSeconds === 0 ? first : Math.max(first, end - windowSeconds)
}
