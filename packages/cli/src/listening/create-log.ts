import { type Logger, pino } from 'pino'

/** A command's log: JSON to stderr, from `level` on. */
export function createLog(level: string): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2))
}
