import { createInterface, type Interface } from 'node:readline'
import { escapeControls } from '../escape-controls.ts'

/** Where messages go, and lines come from. */
export interface Terminal {
  /** Prints a message that came. */
  message(data: string | Uint8Array): void
  /** Says something about the connection, apart from the messages. */
  note(text: string): void
  /** The lines typed or piped in, until they end. Read one at a time: not asking for more slows the source down. */
  readonly lines: AsyncIterable<string>
  /** Lets go of stdin. */
  close(): void
}

/** A line of output for a message: text as it is, bytes in base64. */
function printable(data: string | Uint8Array): string {
  if (typeof data !== 'string') return Buffer.from(data).toString('base64')
  return process.stdout.isTTY ? escapeControls(data) : data
}

/** For scripts: messages on stdout, one a line and nothing else; the rest on stderr. */
export function createPipeTerminal(): Terminal {
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity })
  return {
    message: (data) => {
      process.stdout.write(`${printable(data)}\n`)
    },
    note: (text) => {
      process.stderr.write(`${escapeControls(text)}\n`)
    },
    lines,
    close: () => closeInput(lines),
  }
}

/** For people: a prompt at the bottom, messages above it. Colours unless NO_COLOR is set. */
export function createPromptTerminal(): Terminal {
  const colour = process.env['NO_COLOR'] === undefined || process.env['NO_COLOR'] === ''
  const dim = (text: string): string => (colour ? `\x1b[2m${text}\x1b[22m` : text)
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: '> ' })
  let open = true
  lines.on('close', () => {
    open = false
  })
  /** Removes prompt and input, all rows of them. */
  const erase = (): void => {
    const rows = open ? lines.getCursorPos().rows : 0
    process.stdout.write(`\r${rows > 0 ? `\x1b[${rows}A` : ''}\x1b[J`)
  }
  const above = (text: string): void => {
    erase()
    process.stdout.write(`${text}\n`)
    if (!open) return
    // readline would go up to where the prompt was; it does not document that it remembers.
    Object.assign(lines, { prevRows: 0 })
    lines.prompt(true)
  }
  lines.on('line', () => lines.prompt())
  // readline takes Ctrl-C for itself on a terminal.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  lines.prompt()
  return {
    message: (data) => {
      const text = printable(data)
      above(typeof data === 'string' ? `${dim('<')} ${text}` : `${dim(`< ${data.length} bytes, base64:`)} ${text}`)
    },
    note: (text) => above(dim(escapeControls(text))),
    lines,
    close: () => {
      erase()
      closeInput(lines)
    },
  }
}

function closeInput(lines: Interface): void {
  lines.close()
  process.stdin.destroy()
}
