import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { PtyInput } from '../../src/term/pty-input.ts'

test('what is typed into a terminal that has failed goes into no file that is given its descriptor', () => {
  vi.useFakeTimers()
  const folder = mkdtempSync(join(tmpdir(), 'wigwag-input-'))
  const file = join(folder, 'ours')
  const fd = openSync(join(folder, 'terminal'), 'w')
  closeSync(fd)
  const input = new PtyInput(fd, () => {})
  expect(input.write(Buffer.from('secret'))).toBe(true)
  const next = openSync(file, 'w')
  expect(next).toBe(fd)
  // It would be tried again after 2 ms.
  vi.advanceTimersByTime(100)
  vi.useRealTimers()
  closeSync(next)
  expect([readFileSync(file, 'utf8'), input.waitingBytes]).toEqual(['', 0])
  rmSync(folder, { recursive: true })
})
