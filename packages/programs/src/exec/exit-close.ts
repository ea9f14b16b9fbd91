import type { CloseInfo } from '@wigwag/socket'
import type { ProgramEnd } from '../process/running-program.ts'

/** Close codes of programs that fail begin here: the exit status is added, so that status 3 is 4003. */
const FAILED_CLOSE_CODE = 4000

/**
 * What a client is told of a program's end: 1000 for status 0, 4000 and the status for another, 1011 for a signal. So a
 * program can tell its clients why, in 255 words of its own.
 */
export function exitClose(end: ProgramEnd): CloseInfo {
  if (end.by === 'signal') return { code: 1011, reason: `The program was ended by ${end.signal}` }
  if (end.status === 0) return { code: 1000, reason: '' }
  return { code: FAILED_CLOSE_CODE + end.status, reason: `The program ended with status ${end.status}` }
}
