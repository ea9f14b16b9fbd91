const TIME_NAME = /^(@?timestamp|time|ts|date|datetime)$/i
/** A number of milliseconds since 1970 that is no number of seconds: from 1973 on. */
const MILLISECONDS_FROM = 1e11
/** A number of seconds since 1970 that is no count: from 2001 on. */
const SECONDS_FROM = 1e9

/** Takes what says when out of a line's fields. */
export function takeTime(fields: readonly (readonly [string, number | string])[]): {
  readonly timeMs: number | undefined
  readonly rest: readonly (readonly [string, number | string])[]
} {
  for (const [i, [name, value]] of fields.entries()) {
    const timeMs = TIME_NAME.test(name) ? parseTime(value) : undefined
    if (timeMs !== undefined) return { timeMs, rest: fields.filter((_, at) => at !== i) }
  }
  return { timeMs: undefined, rest: fields }
}

function parseTime(value: number | string): number | undefined {
  const isIso = typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value)
  const timeMs = isIso ? Date.parse(value) : typeof value === 'number' ? fromNumber(value) : Number.NaN
  return Number.isFinite(timeMs) ? timeMs : undefined
}

function fromNumber(value: number): number {
  if (value >= MILLISECONDS_FROM) return value < 1e14 ? value : Number.NaN
  return value >= SECONDS_FROM ? value * 1000 : Number.NaN
}
