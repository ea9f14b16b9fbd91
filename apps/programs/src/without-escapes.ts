// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-_])/g

/** A line without what it says to a terminal: colours, cursor, title. */
export function withoutEscapes(line: string): string {
  return line.includes('\u001b') ? line.replace(ESCAPES, '') : line
}
