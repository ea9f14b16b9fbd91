const ESC = 0x1b
const BEL = 0x07
const CAN = 0x18
const SUB = 0x1a

/** DEC private modes that outlast the output that set them, and whether a terminal starts with them. */
const MODES: ReadonlyMap<number, boolean> = new Map([
  [1, false], // cursor keys
  [5, false], // reverse video
  [6, false], // origin
  [7, true], // wrap
  [25, true], // the cursor is shown
  [47, false], // the alternate screen, in three ways
  [1047, false],
  [1049, false],
  [1000, false], // mouse
  [1002, false],
  [1003, false],
  [1004, false], // focus
  [1006, false],
  [1015, false],
  [2004, false], // bracketed paste
])

/** More than any sequence that is of interest here. */
const MAX_PARAMETERS = 64
const MAX_TITLE_BYTES = 1024

/**
 * What output has switched on in a terminal and named it, followed byte by byte. Whoever begins to read in the middle is told
 * this first, and has a terminal that is as it would be. Its size is bounded, whatever the output is.
 */
export class TerminalModes {
  #state: 'ground' | 'escape' | 'control' | 'command' | 'command-escape' | 'string' | 'string-escape' = 'ground'
  /** What came of a sequence so far; of one that is too long, its beginning. */
  #collected: number[] = []
  #changed = new Map<number, boolean>()
  #keypad = false
  #title: readonly number[] | undefined

  /** Whether it is between sequences: a reader may begin here. */
  get isAtRest(): boolean {
    return this.#state === 'ground'
  }

  /** One that goes on from here by itself. */
  clone(): TerminalModes {
    const copy = new TerminalModes()
    copy.#state = this.#state
    copy.#collected = [...this.#collected]
    copy.#changed = new Map(this.#changed)
    copy.#keypad = this.#keypad
    copy.#title = this.#title
    return copy
  }

  /** Follows output. Bytes outside of sequences, nearly all, are passed over at once. */
  follow(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at++) {
      if (this.#state === 'ground') {
        at = bytes.indexOf(ESC, at)
        if (at < 0) return
      }
      this.#byte(bytes[at] as number)
    }
  }

  /** What makes a fresh terminal, or any other, like the one whose output was followed. */
  encode(): Uint8Array {
    const modes = [...this.#changed].map(([mode, isSet]) => `\x1b[?${mode}${isSet ? 'h' : 'l'}`)
    const title =
      this.#title === undefined ? [] : [Buffer.from('\x1b]2;'), Buffer.from(this.#title), Buffer.from('\x07')]
    return Buffer.concat([Buffer.from(`\x1bc${modes.join('')}${this.#keypad ? '\x1b=' : ''}`), ...title])
  }

  #byte(byte: number): void {
    switch (this.#state) {
      case 'ground':
        if (byte === ESC) this.#begin('escape')
        break
      case 'escape':
        this.#escaped(byte)
        break
      case 'control':
        this.#control(byte)
        break
      case 'command':
      case 'string':
        this.#stringByte(byte)
        break
      case 'command-escape':
      case 'string-escape':
        if (byte === 0x5c && this.#state === 'command-escape') this.#command()
        // ESC ends a string whatever follows it, and begins anew.
        if (byte === 0x5c) this.#state = 'ground'
        else this.#escaped(byte)
    }
  }

  #begin(state: 'escape' | 'control' | 'command' | 'string'): void {
    this.#state = state
    this.#collected = []
  }

  #escaped(byte: number): void {
    if (byte === 0x5b) this.#begin('control')
    else if (byte === 0x5d) this.#begin('command')
    else if (byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) this.#begin('string')
    else if (byte === ESC) this.#begin('escape')
    else {
      // Intermediates: one more byte comes.
      if (byte >= 0x20 && byte <= 0x2f) return
      if (byte === 0x63) this.#reset()
      if (byte === 0x3d) this.#keypad = true
      if (byte === 0x3e) this.#keypad = false
      this.#state = 'ground'
    }
  }

  #control(byte: number): void {
    if (byte === ESC) this.#begin('escape')
    else if (byte === CAN || byte === SUB) this.#state = 'ground'
    else if (byte >= 0x40 && byte <= 0x7e) {
      this.#state = 'ground'
      if (byte === 0x68 || byte === 0x6c) this.#setModes(byte === 0x68)
    } else if (this.#collected.length < MAX_PARAMETERS) this.#collected.push(byte)
  }

  #setModes(isSet: boolean): void {
    const [mark, ...rest] = String.fromCharCode(...this.#collected)
    if (mark !== '?') return
    for (const parameter of rest.join('').split(';')) {
      const mode = Number(parameter)
      const initially = MODES.get(mode)
      if (initially === undefined) continue
      // The order in which they were set is the order in which they are told.
      this.#changed.delete(mode)
      if (isSet !== initially) this.#changed.set(mode, isSet)
    }
  }

  #stringByte(byte: number): void {
    const isCommand = this.#state === 'command'
    if (byte === BEL && isCommand) {
      this.#command()
      this.#state = 'ground'
    } else if (byte === ESC) this.#state = isCommand ? 'command-escape' : 'string-escape'
    else if (byte === CAN || byte === SUB) this.#state = 'ground'
    else if (isCommand && this.#collected.length <= MAX_TITLE_BYTES) this.#collected.push(byte)
  }

  /** OSC 0 and 2 name the window. */
  #command(): void {
    const [kind, semicolon, ...title] = this.#collected
    if ((kind !== 0x30 && kind !== 0x32) || semicolon !== 0x3b || this.#collected.length > MAX_TITLE_BYTES) return
    this.#title = title
  }

  #reset(): void {
    this.#changed.clear()
    this.#keypad = false
  }
}
