import { InvalidArgumentError } from 'commander'

/** Collects `NAME=VALUE`, as ttyd's `--client-option` has it: numbers, true, false and JSON are what they are, all else is text. */
export function collectClientOption(
  text: string,
  previous: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> {
  const [, name, value] = /^([A-Za-z]\w*)=([\s\S]*)$/.exec(text) ?? []
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It takes NAME=VALUE: fontSize=16.')
  return { ...previous, [name]: readValue(value) }
}

function readValue(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}
