const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** RFC 9110 §5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`. Programs leave the zero of the day out, and the zone. */
const IMF_FIXDATE = /^[a-z]{3}, (\d{1,2}) ([a-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d)(?: GMT)?$/i
/** `Sunday, 06-Nov-94 08:49:37 GMT`, which is obsolete and must be read. */
const RFC_850 = /^[a-z]{6,9}, (\d\d)-([a-z]{3})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/i
/** `Sun Nov  6 08:49:37 1994`, likewise. */
const ASCTIME = /^[a-z]{3} ([a-z]{3}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/i

/** Reads the date of a header, in seconds since 1970; nothing for what is none. `nowS` says which century two digits are of. */
export function parseHttpDate(text: string, nowS: number): number | undefined {
  const usual = IMF_FIXDATE.exec(text)
  if (usual !== null) return secondsOf(usual[3], usual[2], usual[1], usual.slice(4))
  const asctime = ASCTIME.exec(text)
  if (asctime !== null) return secondsOf(asctime[6], asctime[1], asctime[2], asctime.slice(3, 6))
  const obsolete = RFC_850.exec(text)
  if (obsolete === null) return undefined
  // More than 50 years ahead it is the most recent year in the past with those digits.
  const thisYear = new Date(nowS * 1000).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + Number(obsolete[3])
  return secondsOf(year > thisYear + 50 ? year - 100 : year, obsolete[2], obsolete[1], obsolete.slice(4))
}

/** Writes seconds since 1970 as the date of a header. */
export function encodeHttpDate(seconds: number): string {
  return new Date(seconds * 1000).toUTCString()
}

function secondsOf(
  year: string | number | undefined,
  monthName: string | undefined,
  dayText: string | undefined,
  clock: readonly string[],
): number | undefined {
  const month = MONTHS.indexOf(String(monthName).toLowerCase())
  const day = Number(dayText)
  const [hours = 0, minutes = 0, seconds = 0] = clock.map(Number)
  const time = Date.UTC(Number(year), month, day, hours, minutes, seconds)
  // A date that does not exist becomes another one; a leap second counts as the next.
  const isDate = month >= 0 && new Date(time - seconds * 1000).getUTCDate() === day && day > 0
  return isDate && hours < 24 && minutes < 60 && seconds <= 60 ? time / 1000 : undefined
}
