import { must } from '../../../../tools/fuzz/fuzz-target.ts'
import { escapeControls } from '../../src/escape-controls.ts'

/** What a server says, on its way to a terminal: messages, close reasons, refusals. */
export function fuzz(input: Uint8Array): void {
  const shown = escapeControls(Buffer.from(input).toString())
  for (const character of shown) {
    const code = character.codePointAt(0) as number
    must(
      code === 0x09 || code === 0x0a || (code >= 0x20 && code < 0x7f) || code >= 0xa0,
      () => `U+${code.toString(16)}`,
    )
  }
  must(escapeControls(shown) === shown, 'what is harmless is changed')
}

export const seeds: Record<string, string> = {
  text: 'hello\tthere\n',
  'a colour': '\x1b[31mred\x1b[0m',
  'a title in one character': '\u009d0;title\u009c',
  'ends of lines': 'a\r\nb\rc\n',
  'a bell': '\x07',
}

export const dictionary: string[] = ['\x1b[', '\x1b]0;', '\u009b', '\r\n', '\r', '\x7f']
