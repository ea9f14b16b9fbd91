import { exitWithParent } from './exit-with-parent.ts'

/** Tells the benchmark where this server listens: the port is the first line of stdout. */
export function announce(port: number): void {
  exitWithParent()
  process.stdout.write(`${port}\n`)
}
