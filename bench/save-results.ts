import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { formatResultsMarkdown, type Results } from './report.ts'

const FOLDER = new URL('./results/', import.meta.url)

/** Writes `results/DATE-TIME.json` and `.md`. Returns the files. */
export function saveResults(results: Results): readonly string[] {
  mkdirSync(FOLDER, { recursive: true })
  const name = results.machine.date.slice(0, 16).replace('T', '-').replace(':', '')
  const [json, markdown] = [new URL(`${name}.json`, FOLDER), new URL(`${name}.md`, FOLDER)].map((url) =>
    fileURLToPath(url),
  ) as [string, string]
  writeFileSync(json, encodeResults(results))
  writeFileSync(markdown, `${formatResultsMarkdown(results)}\n`)
  return [json, markdown]
}

/** The results as JSON: a line for each sample, so that a diff can be read. */
export function encodeResults({ samples, ...rest }: Results): string {
  const head = JSON.stringify(rest, null, 2).replace(/\n\}$/, '')
  return `${head},\n  "samples": [\n${samples.map((sample) => `    ${JSON.stringify(sample)}`).join(',\n')}\n  ]\n}\n`
}
