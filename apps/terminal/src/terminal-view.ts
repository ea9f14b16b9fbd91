import { FitAddon } from '@xterm/addon-fit'
import { Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'

/** What xterm.js may be told by the server: options that change how it looks and behaves, none that runs anything. */
const OPTIONS: ReadonlySet<string> = new Set([
  'cursorBlink',
  'cursorStyle',
  'fontFamily',
  'fontSize',
  'fontWeight',
  'letterSpacing',
  'lineHeight',
  'macOptionIsMeta',
  'rightClickSelectsWord',
  'scrollback',
  'theme',
  'wordSeparator',
])

const THEME = {
  background: '#151715',
  foreground: '#e9e9e3',
  cursor: '#6cd0b8',
  cursorAccent: '#151715',
  selectionBackground: '#2f5d52',
}

/** Small on a phone, large on a wall screen, which is read from far away. */
function fontSizePx(): number {
  if (matchMedia('(max-width: 30rem)').matches) return 12
  return matchMedia('(min-width: 120rem) and (min-height: 60rem)').matches
    ? Math.max(18, Math.round(innerWidth / 140))
    : 14
}

/** The terminal on the page. */
export class TerminalView {
  readonly #terminal: Terminal
  readonly #fit = new FitAddon()
  readonly #element: HTMLElement

  constructor(element: HTMLElement) {
    this.#element = element
    this.#terminal = new Terminal({
      fontFamily: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
      fontSize: fontSizePx(),
      scrollback: 10_000,
      cursorBlink: true,
      theme: THEME,
    })
    this.#terminal.loadAddon(this.#fit)
    this.#terminal.open(element)
  }

  get columns(): number {
    return this.#terminal.cols
  }

  get rows(): number {
    return this.#terminal.rows
  }

  /** `drawn` is called when the bytes have been. */
  write(bytes: Uint8Array, drawn: () => void): void {
    this.#terminal.write(bytes, drawn)
  }

  /** Fills the element. Returns whether that changed its size. */
  fit(): boolean {
    const { columns, rows } = this
    this.#fit.fit()
    return columns !== this.columns || rows !== this.rows
  }

  /** Takes the size of somebody else's screen; what does not fit is scrolled to. */
  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows)
  }

  reset(): void {
    this.#terminal.reset()
  }

  focus(): void {
    this.#terminal.focus()
  }

  setWritable(isWritable: boolean): void {
    this.#terminal.options.disableStdin = !isWritable
    this.#terminal.options.cursorBlink = isWritable
  }

  applyPreferences(preferences: Readonly<Record<string, unknown>>): void {
    const known = Object.entries(preferences).filter(([name]) => OPTIONS.has(name))
    this.#terminal.options = Object.fromEntries(known)
  }

  onInput(typed: (text: string) => void, binary: (text: string) => void): void {
    this.#terminal.onData(typed)
    this.#terminal.onBinary(binary)
  }

  onTitle(told: (title: string) => void): void {
    this.#terminal.onTitleChange(told)
  }

  onResize(changed: () => void): void {
    new ResizeObserver(changed).observe(this.#element)
  }
}
