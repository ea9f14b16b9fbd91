import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ALL_CASES } from './cases/all-cases.ts'
import { describeCase } from './judge/conformance-case.ts'
import { SECTIONS } from './sections.ts'

const document = readFileSync(fileURLToPath(new URL('../../../../docs/conformance.md', import.meta.url)), 'utf8')

test('every section that a case cites is described, and every section described has cases', () => {
  expect(new Set(ALL_CASES.map(({ section }) => section))).toEqual(new Set(SECTIONS.map(({ section }) => section)))
})

test('no two cases of a role have the same name', () => {
  const names = ALL_CASES.flatMap((each) => each.roles.map((role) => `${role}, ${describeCase(each)}`))
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
})

test('the table of docs/conformance.md is that of the cases: copy what is expected when they change', () => {
  const rows = SECTIONS.map(({ section, about, choice }) => {
    const count = (role: 'server' | 'client'): number =>
      ALL_CASES.filter((each) => each.section === section && each.roles.includes(role)).length
    return `| ${section} | ${about} | ${count('server')} | ${count('client')} | ${choice} |`
  })
  expect(document.split('\n').filter((line) => line.startsWith('| RFC '))).toEqual(rows)
})
