import { expect, onTestFinished, test } from 'vitest'
import { describeMissing, missingPrograms } from '../system-programs.mjs'

test('a program that is there is not missing, and one that is not is told with the way to get it', () => {
  const path = process.env['PATH']
  onTestFinished(() => {
    process.env['PATH'] = path
  })
  // The tests cannot run without these two.
  expect(missingPrograms(['openssl', 'curl'])).toEqual([])
  expect(missingPrograms(['nobody'])).toEqual([])
  process.env['PATH'] = ''
  expect(describeMissing(missingPrograms(['curl']))).toEqual([
    'Left out: the curl tests, for want of curl. To run them: sudo apt-get install curl',
  ])
})
