import type { Logger } from 'pino'

/** What a shutdown is given beyond the time that it is meant to take, in milliseconds: a broker may be slow to let go. */
const GRACE_MS = 500

/** What is to be closed, and how long that may take, in milliseconds. */
interface Closable {
  readonly closeMs: number
  close(): Promise<void>
}

/** Waits for what a command begins with; whoever has stopped it meanwhile does not hear that it failed. */
type Begin = <T>(starting: Promise<T>) => Promise<T>

/**
 * Closes on the first SIGINT, SIGTERM or SIGHUP (its terminal was closed) and exits with 0 when it is done, or when its time is
 * up. A second signal exits at once, with the code that shells give to it. `counts` is logged with the first. To be called before
 * anything is begun that a signal would leave behind.
 */
export function exitOnSignal(
  log: Logger,
  closable: Closable,
  counts: () => Readonly<Record<string, number>> = none,
): Begin {
  let closing = false
  const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const
  for (const [signal, number] of Object.entries(signals)) {
    process.on(signal, () => {
      if (closing) process.exit(128 + number)
      closing = true
      log.info({ signal, ...counts() }, 'shutting down; a second signal exits at once')
      const timer = setTimeout(() => process.exit(0), closable.closeMs + GRACE_MS)
      closable.close().then(
        () => {
          clearTimeout(timer)
          log.info('closed')
          process.exit(0)
        },
        (error: unknown) => {
          console.error(error)
          process.exit(1)
        },
      )
    })
  }
  return async (starting) => {
    try {
      const started = await starting
      if (!closing) return started
    } catch (error) {
      if (!closing) throw error
    }
    // The exit is under way.
    return new Promise(() => {})
  }
}

function none(): Readonly<Record<string, number>> {
  return {}
}
