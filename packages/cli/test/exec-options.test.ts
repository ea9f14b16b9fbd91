import { describe, expect, test } from 'vitest'
import { collectNames, collectProgramOrigins } from '../src/argument-parsers.ts'
import { checkExecOptions, type ExecCommandOptions } from '../src/exec/exec-command-options.ts'

const options = { port: 8080, decidedBy: 'server', mode: 'per-connection' } as ExecCommandOptions
const PUBLIC = 'lets anyone who reaches this machine run the program'

describe('a command line that is wrong', () => {
  const cases: [string, Partial<ExecCommandOptions>, string[], string][] = [
    ['nothing to run', {}, [], 'Say what to run'],
    ['a program and a folder', { dir: '.' }, ['cat'], 'give one of them'],
    ['programs for everybody', { host: ['0.0.0.0'] }, ['cat'], PUBLIC],
    ['programs for everybody, on IPv6', { host: ['127.0.0.1', '::'] }, ['cat'], PUBLIC],
    ['a shared program that decides', { mode: 'shared', decidedBy: 'program' }, ['cat'], 'goes with a program'],
    ['a pool of who knows what', { mode: 'pool', dir: '.' }, [], 'goes with a program'],
    ['a shared folder', { mode: 'shared', dir: '.' }, [], 'goes with a program'],
    [
      'a page for everybody beside a program that decides',
      { host: ['127.0.0.1', '::'], decidedBy: 'program', page: 'log' },
      ['cat'],
      PUBLIC,
    ],
    ['half of a certificate', { tlsCert: 'x' }, ['cat'], 'go together'],
  ]
  test.each(cases)('%s', (_what, changes, command, message) => {
    expect(() => checkExecOptions({ ...options, ...changes }, command)).toThrow(message)
  })
})

describe('a public address with somebody who decides', () => {
  const cases: Partial<ExecCommandOptions>[] = [{ credential: ['a:b'] }, { decidedBy: 'program' }, { insecure: true }]
  test.each(cases)('%j', (changes) => {
    expect(() => checkExecOptions({ ...options, host: ['0.0.0.0'], ...changes }, ['cat'])).not.toThrow()
  })
})

describe("websocketd's --origin", () => {
  test.each([
    ['example.com', ['http://example.com', 'https://example.com']],
    [
      'example.com:8080,https://b.example',
      ['http://example.com:8080', 'https://example.com:8080', 'https://b.example'],
    ],
    ['http://a.example:80', ['http://a.example']],
    ['*', ['*']],
  ])('%s', (text, origins) => {
    expect(collectProgramOrigins(text, undefined)).toEqual(origins)
  })

  test('takes nothing with a path', () => {
    expect(() => collectProgramOrigins('http://a.example/b', undefined)).toThrow('An origin is')
  })
})

test('names of variables come between commas, or one by one', () => {
  expect(collectNames('PATH,HOME', collectNames('TZ', undefined))).toEqual(['TZ', 'PATH', 'HOME'])
  expect(collectNames('', undefined)).toEqual([])
  expect(() => collectNames('A B', undefined)).toThrow('names of variables')
})
