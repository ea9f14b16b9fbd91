import { readFileSync } from 'node:fs'

const guide = readFileSync(new URL('../../../../docs/fallbacks.md', import.meta.url), 'utf8')

/** A program of the guide to fallbacks, for a server that is somewhere else than in the guide. */
export function guideProgram(name: string, port: number): string {
  const program = new RegExp(`<!-- fallbacks: ${name} -->\n\`\`\`\\w+\n([^]*?)\`\`\``).exec(guide)?.[1]
  if (program === undefined) throw new Error(`The guide has no program ${name}.`)
  return program
    .replaceAll('localhost:8000', `localhost:${port}`)
    .replaceAll("'localhost', 8000", `'localhost', ${port}`)
}

/** The commands of the guide that show each transport. */
export function guideCommands(port: number): readonly string[] {
  const commands = /```sh\n(curl [\s\S]*?)```/.exec(guide)?.[1] ?? ''
  return commands.trim().replaceAll('localhost:8000', `localhost:${port}`).split('\n')
}
