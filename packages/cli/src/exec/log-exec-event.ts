import type { ExecEvent } from '@wigwag/programs'
import type { Logger } from 'pino'

/** Writes what happens to programs to a log. Queries are left out: they may hold secrets. */
export function logExecEvent(log: Logger, event: ExecEvent): void {
  switch (event.type) {
    case 'started':
      log.info({ pid: event.pid, path: pathOf(event.target), client: event.remoteAddress }, 'started')
      break
    case 'ended':
      log.info({ pid: event.pid, ...event.end }, 'ended')
      break
    case 'stderr':
      log.info({ pid: event.pid, stderr: event.line }, 'stderr')
      break
    case 'line-too-long':
      log.warn({ pid: event.pid, maxLine: event.maxLineBytes }, 'ended for a line that is too long')
      break
    case 'refused':
      log.warn({ path: pathOf(event.target), status: event.status, why: event.why }, 'refused')
  }
}

function pathOf(target: string): string {
  return target.split('?', 1)[0] ?? ''
}
