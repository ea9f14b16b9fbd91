/** What a shutdown is given beyond the time that it is meant to take, in milliseconds: a broker may be slow to let go. */
const GRACE_MS = 500

/**
 * Runs `close` on the first SIGINT or SIGTERM and exits with 0 when it is done, or when its time, `closeMs`, is up.
 * A second signal exits at once, with the code that shells give to it.
 */
export function exitOnSignal(closeMs: number, close: (signal: string) => Promise<void>): void {
  let closing = false
  const signals = { SIGINT: 2, SIGTERM: 15 } as const
  for (const [signal, number] of Object.entries(signals)) {
    process.on(signal, () => {
      if (closing) process.exit(128 + number)
      closing = true
      const timer = setTimeout(() => process.exit(0), closeMs + GRACE_MS)
      close(signal).then(
        () => {
          clearTimeout(timer)
          process.exit(0)
        },
        (error: unknown) => {
          console.error(error)
          process.exit(1)
        },
      )
    })
  }
}
