import { execWigwag } from '@wigwag/testkit'
import { expect, test } from 'vitest'
import { measureSlowReader, printer } from '../programs/slow-reader.ts'

const MIB = 1024 * 1024

test('a program that prints as fast as it can waits for its reader, and memory stays flat', async () => {
  const { program, url } = await execWigwag(['--', ...printer(96)])
  await using _program = program
  const figures = await measureSlowReader(url, program.pid)
  expect(figures.closeCode).toBe(1000)
  // Every line without its end, and the line with the process id.
  expect(figures.bytes - 96 * MIB + 96 * 1024).toBeLessThan(20)
  expect(figures.writtenAtStandstill).toBeLessThan(24 * MIB)
  expect(figures.mostBytes - figures.idleBytes).toBeLessThan(32 * MIB)
})
