import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { findBacktracking } from '../find-backtracking.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const SOURCES = ['packages/socket/src', 'packages/hub/src', 'packages/cli/src', 'apps/dashboard/src']

/** A literal stands where a value may. Strings that look like one do no harm here. */
const LITERAL = /(?<=[(=,:[!&|?{;]\s*|return\s+)\/(?![*/])((?:\\.|\[(?:\\.|[^\]\\])*\]|[^\\/[\n])+)\/([dgimsuvy]*)/g
const COMMENT = /^\s*(\/?\*|\/\/)/

const expressions = SOURCES.flatMap((folder) =>
  readdirSync(`${root}/${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .flatMap((name) => {
      const code = readFileSync(`${root}/${folder}/${name}`, 'utf8')
        .split('\n')
        .filter((line) => !COMMENT.test(line))
        .join('\n')
      return [...code.matchAll(LITERAL)].map(([literal, source, flags]) => ({
        name: `${folder}/${name} ${literal}`,
        expression: new RegExp(source as string, flags),
      }))
    }),
)

test('the expressions of the code are found', () => {
  const found = expressions.map(({ name }) => name).join('\n')
  for (const file of ['header-fields.ts', 'http-head.ts', 'access-policy.ts', 'position.ts', 'sse-codec.ts'])
    expect(found).toContain(file)
  expect(expressions.length).toBeGreaterThan(30)
})

// As in CVE-2021-32640: one header of a few kilobytes that is looked at for seconds.
describe('no regular expression can be made to look at its input more than a few times over', () => {
  test.each(expressions)('$name', ({ expression }) => {
    expect(findBacktracking(expression)).toBeUndefined()
  })
})

describe('the check itself finds', () => {
  test.each([
    [/^(a+)+$/, 'repeats'],
    [/^(a|aa)*$/, 'repeats'],
    [/^(?:a*,)*x$/, 'repeats'],
    [/^ *, */, undefined],
    [/^\s*,?\s*$/, 'may both take'],
    [/^[a-z]+\w+$/, 'may both take'],
    [/^\d+[a-z]?\d*x/, 'may both take'],
    [/ +$/, 'every place'],
    [/a.*b/s, 'every place'],
    [/^.*$/, undefined],
    [/^(?:a|b)c{1,3}$/, undefined],
    [/^(a{1,64}):(\d{1,16})$/, undefined],
    [/x+/, undefined],
  ] as [RegExp, string | undefined][])('%s: %s', (expression, why) => {
    if (why === undefined) expect(findBacktracking(expression)).toBeUndefined()
    else expect(findBacktracking(expression)).toContain(why)
  })
})
