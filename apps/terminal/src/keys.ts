/** The keys that phones lack, with what a terminal is sent for them. `Ctrl` and `Alt` change the next one. */
export const KEYS: readonly { readonly label: string; readonly sends: string; readonly name?: string }[] = [
  { label: 'Esc', sends: '\x1b' },
  { label: 'Tab', sends: '\t' },
  { label: '←', sends: '\x1b[D', name: 'Left' },
  { label: '↑', sends: '\x1b[A', name: 'Up' },
  { label: '↓', sends: '\x1b[B', name: 'Down' },
  { label: '→', sends: '\x1b[C', name: 'Right' },
  { label: '|', sends: '|' },
  { label: '~', sends: '~' },
  { label: '/', sends: '/' },
  { label: '-', sends: '-' },
]

/** What begins a control sequence. */
const CSI = '\x1b['

/** Which keys are held for the next one. */
export interface HeldKeys {
  readonly ctrl: boolean
  readonly alt: boolean
}

/**
 * What a terminal is sent for `text` with these held. Ctrl with a letter or one of `@[\]^_?` and space is a control character
 * (ECMA-48); with an arrow it is xterm's modified key; with anything else it changes nothing. Alt is ESC before it.
 */
export function withHeld(text: string, { ctrl, alt }: HeldKeys): string {
  const arrow = text.startsWith(CSI) ? text.slice(CSI.length) : ''
  if (/^[A-D]$/.test(arrow)) {
    const modifier = 1 + (alt ? 2 : 0) + (ctrl ? 4 : 0)
    return modifier === 1 ? text : `\x1b[1;${modifier}${arrow}`
  }
  const changed = ctrl ? withCtrl(text) : text
  return alt ? `\x1b${changed}` : changed
}

function withCtrl(text: string): string {
  if (text.length !== 1) return text
  if (text === '?') return '\x7f'
  if (text === ' ') return '\0'
  const code = text.toUpperCase().charCodeAt(0)
  return code >= 0x40 && code <= 0x5f ? String.fromCharCode(code - 0x40) : text
}
