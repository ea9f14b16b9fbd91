import { parseNumber } from './cells.ts'

/**
 * `name=value` or `name="value"`, as logs have them, and as `ping` does. Words that are none are matched as well, so that each
 * character is looked at once.
 */
const PAIR = /[\d.-]*([A-Za-z_][\w.-]*)(?:=("[^"]*"|[^\s,;]+))?|[\d.-]+/g

/** The pairs of a line; nothing for a line without one that is a number. */
export function parsePairs(line: string): Map<string, number | string> | undefined {
  if (!line.includes('=')) return undefined
  const values = new Map<string, number | string>()
  let hasNumber = false
  for (const [, name = '', text] of line.matchAll(PAIR)) {
    if (text === undefined) continue
    const bare = text.replace(/^"|"$/g, '')
    const number = parseNumber(bare)
    hasNumber ||= number !== undefined
    values.set(name, number ?? bare)
  }
  return hasNumber ? values : undefined
}
