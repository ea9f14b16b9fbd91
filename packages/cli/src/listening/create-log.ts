import { type Logger, pino } from 'pino'

/** What is kept of a log that cannot be written for the moment, in bytes; what comes on top of it is lost. */
const MAX_WAITING_BYTES = 1024 * 1024

/** A command's log: JSON to stderr, from `level` on. What others said cannot steer a terminal that shows it. */
export function createLog(level: string): Logger {
  const stderr = pino.destination({ dest: 2, maxLength: MAX_WAITING_BYTES })
  // A full disk, a terminal that was closed: there is nowhere left to tell it.
  stderr.on('error', () => {})
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line) => stderr.write(escapeRest(line)) },
  )
}

/** JSON escapes the control characters of ASCII but one, and not those behind it (U+0080 to U+009F), which terminals obey too. */
function escapeRest(line: string): string {
  return line.replace(/[\x7f-\x9f]/g, (control) => `\\u00${control.charCodeAt(0).toString(16)}`)
}
