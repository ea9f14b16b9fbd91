/** A value in few signs: `1.23 M`, `45.6`, `0.012`. */
export function formatValue(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–'
  const size = Math.abs(value)
  // Up to four digits a number is best read as it is.
  for (const [unit, from] of UNITS) if (size >= 10_000 && size >= from) return `${trim(value / from)} ${unit}`
  if (size >= 0.001 || size === 0) return trim(value)
  return value.toExponential(1)
}

const UNITS: readonly (readonly [string, number])[] = [
  ['T', 1e12],
  ['G', 1e9],
  ['M', 1e6],
  ['k', 1e3],
]

/** Four digits at most. */
function trim(value: number): string {
  const size = Math.abs(value)
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3
  return String(Number(value.toFixed(digits)))
}

/** A value beside others that are `step` apart: with as many digits as tell them apart. */
export function formatTick(value: number, step: number): string {
  if (value === 0) return '0'
  const size = Math.max(Math.abs(value), step)
  const [unit, from] = UNITS.find(([, least]) => size >= 10_000 && size >= least) ?? ['', 1]
  return `${Number((value / from).toFixed(digitsOf(step / from)))}${unit === '' ? '' : ` ${unit}`}`
}

/** How many digits behind the point a number has, as far as there are any to speak of. */
function digitsOf(number: number): number {
  let digits = Math.min(MAX_DIGITS, Math.max(0, -Math.floor(Math.log10(number) + 1e-9)))
  // 0.25 has one more than its size says.
  while (digits < MAX_DIGITS && Math.abs(number - Number(number.toFixed(digits))) > number * 1e-6) digits++
  return digits
}

const MAX_DIGITS = 12

/** The time of day beside others that are `step` seconds apart: without seconds where they say nothing. */
export function formatTimeTick(seconds: number, step: number): string {
  return step % 60 === 0 ? timeOf(seconds).slice(0, 5) : timeOf(seconds)
}

/** The time of day, from seconds since 1970. */
export function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour12: false })
}
