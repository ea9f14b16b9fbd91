import { constants } from 'node:os'
import { InvalidArgumentError } from 'commander'

/** A signal by its name or number: `HUP`, `SIGHUP`, `1`. */
export function parseSignal(text: string): NodeJS.Signals {
  const entries = Object.entries(constants.signals) as [NodeJS.Signals, number][]
  const wanted = text.toUpperCase()
  const found = entries.find(([name, number]) => name === wanted || name === `SIG${wanted}` || String(number) === text)
  if (found !== undefined) return found[0]
  throw new InvalidArgumentError('It takes the name or the number of a signal: HUP, SIGTERM, 15.')
}
