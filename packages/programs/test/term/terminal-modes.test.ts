import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TerminalModes } from '../../src/term/terminal-modes.ts'

function modesBehind(...chunks: (string | Uint8Array)[]): string {
  const modes = new TerminalModes()
  for (const chunk of chunks) modes.follow(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk)
  return Buffer.from(modes.encode()).toString('latin1')
}

describe('what output leaves a terminal in', () => {
  test.each([
    ['nothing', 'plain \x1b[31mred\x1b[0m', '\x1bc'],
    ['the alternate screen', '\x1b[?1049h', '\x1bc\x1b[?1049h'],
    ['not when it was left', '\x1b[?1049h\x1b[?1049l', '\x1bc'],
    ['several at once', '\x1b[?1000;1006h', '\x1bc\x1b[?1000h\x1b[?1006h'],
    ['what a terminal starts with, switched off', '\x1b[?25l\x1b[?7l', '\x1bc\x1b[?25l\x1b[?7l'],
    ['a keypad for programs', '\x1b=', '\x1bc\x1b='],
    ['a keypad for people', '\x1b=\x1b>', '\x1bc'],
    ['a title, ended by BEL', '\x1b]0;hello\x07', '\x1bc\x1b]2;hello\x07'],
    ['a title, ended by ST', '\x1b]2;hello\x1b\\', '\x1bc\x1b]2;hello\x07'],
    ['the last title', '\x1b]2;one\x07\x1b]2;two\x07', '\x1bc\x1b]2;two\x07'],
    ['no icon name, no colour', '\x1b]1;icon\x07\x1b]4;1;red\x07', '\x1bc'],
    ['a reset', '\x1b[?2004h\x1bc', '\x1bc'],
    ['no mode that is not private', '\x1b[4h', '\x1bc'],
    ['no unknown mode', '\x1b[?31337h', '\x1bc'],
    ['no sequence inside of a string', '\x1bPq\x1b\\\x1b_[?25l\x1b\\', '\x1bc'],
    ['the sequence that ends a string', '\x1b]2;half\x1b[?25l', '\x1bc\x1b[?25l'],
    ['nothing of what was cancelled', '\x1b[?25\x18l', '\x1bc'],
    ['no title larger than any', `\x1b]2;${'x'.repeat(2000)}\x07`, '\x1bc'],
  ])('%s', (_what, output, expected) => expect(modesBehind(output)).toBe(expected))

  const part = fc.oneof(
    fc.constantFrom(
      '\x1b',
      '\x1b[',
      '\x1b[?',
      '25',
      '1049',
      '2004',
      ';',
      'h',
      'l',
      '\x1b]',
      '2;',
      'abc',
      '\x07',
      '\x1b\\',
      '\x1bc',
      '\x1bP',
      '\x18',
      '\x1b=',
      'ü',
    ),
    fc.string({ maxLength: 5 }),
  )
  const output = fc.array(part, { maxLength: 60 }).map((parts) => Buffer.from(parts.join('')))

  test('is the same in whatever pieces it comes', () => {
    fc.assert(
      fc.property(output, fc.array(fc.nat({ max: 200 }), { maxLength: 10 }), (bytes, cuts) => {
        const borders = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length]
        const pieces = borders.slice(1).map((border, i) => bytes.subarray(borders[i], border))
        expect(modesBehind(...pieces)).toBe(modesBehind(bytes))
      }),
      { numRuns: 500 },
    )
  })

  test('told to another terminal leaves that in the same', () => {
    fc.assert(
      fc.property(output, (bytes) => {
        const once = modesBehind(bytes)
        expect(modesBehind('\x1b[?1h\x1b=', once)).toBe(modesBehind(once))
        expect(modesBehind(once)).toBe(once)
      }),
      { numRuns: 500 },
    )
  })

  test('a clone goes on from there by itself', () => {
    fc.assert(
      fc.property(output, output, (first, second) => {
        const modes = new TerminalModes()
        modes.follow(first)
        const clone = modes.clone()
        const before = modes.encode()
        clone.follow(second)
        expect(modes.encode()).toEqual(before)
        modes.follow(second)
        expect(clone.encode()).toEqual(modes.encode())
        expect(clone.isAtRest).toBe(modes.isAtRest)
      }),
    )
  })
})
