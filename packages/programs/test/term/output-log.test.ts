import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OutputLog } from '../../src/term/output-log.ts'

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

function contentOf(log: OutputLog, from = log.start): string {
  const bytes = new Uint8Array(log.end - from)
  log.copy(from, bytes, 0)
  return text(bytes)
}

describe('the last of a terminal’s output', () => {
  test('is the end of all that was written, whatever came in what pieces', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.array(fc.uint8Array({ maxLength: 150 }), { maxLength: 40 }),
        (size, chunks) => {
          const log = new OutputLog(size)
          let all = ''
          for (const chunk of chunks) {
            log.append(chunk)
            all += text(chunk)
            expect(log.end).toBe(all.length)
            expect(log.start).toBe(Math.max(0, all.length - size))
            expect(contentOf(log)).toBe(all.slice(-size))
            const middle = Math.floor((log.start + log.end) / 2)
            expect(contentOf(log, middle)).toBe(all.slice(middle))
          }
        },
      ),
    )
  })

  test.each([
    ['the last two lines, the open one besides', 100, 'one\ntwo\nthree\nfo', 2, 'two\nthree\nfo'],
    ['all there is when it has fewer', 100, 'one\ntwo', 9, 'one\ntwo'],
    ['the open line alone', 100, 'one\ntwo\nthr', 0, 'thr'],
    ['nothing when the last has ended', 100, 'one\n', 0, ''],
    ['whole lines where the beginning was dropped', 10, 'one\ntwo\nthree\n', 9, 'three\n'],
    ['what there is of a line without an end', 4, 'aaaabbbb', 9, 'bbbb'],
  ])('a late reader has %s', (_what, size, written, lines, expected) => {
    const log = new OutputLog(size)
    log.append(Buffer.from(written))
    expect(contentOf(log, log.entrance(lines).offset)).toBe(expected)
  })

  test('a late reader is told what the dropped part has switched on, and nothing that comes again', () => {
    const log = new OutputLog(20)
    log.append(Buffer.from(`\x1b]0;my title\x07\x1b[?2004h\x1b[?1049h${'x'.repeat(30)}\n`))
    log.append(Buffer.from('last\x1b[?1049l\n'))
    const { offset, modes } = log.entrance(1)
    expect(text(modes)).toBe('\x1bc\x1b[?2004h\x1b[?1049h\x1b]2;my title\x07')
    expect(contentOf(log, offset)).toBe('last\x1b[?1049l\n')
  })

  test('nobody begins in the middle of a sequence', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.array(fc.constantFrom('\x1b[?25l', '\x1b[31m', 'a', '\n', '\x1b]2;t\nt\x07'), { maxLength: 60 }),
        (size, parts) => {
          const log = new OutputLog(size)
          const all = parts.join('')
          for (const part of parts) log.append(Buffer.from(part))
          const { offset } = log.entrance(5)
          // Sequences are as in `parts`: an offset at rest is at the border of one, or inside of none.
          let at = 0
          const borders = new Set([0])
          for (const part of parts) {
            at += part.length
            borders.add(at)
          }
          expect(offset === all.length || borders.has(offset)).toBe(true)
        },
      ),
    )
  })
})
