import { readSize, type TerminalSize } from './terminal-size.ts'

/**
 * The messages of subprotocol `tty`, as ttyd has them: the first byte says what the rest is. What is marked as ours is said only
 * to clients whose first message has `"wigwag": 1`, so that those of ttyd meet nothing they do not know.
 */
export const TTY_SUBPROTOCOL = 'tty'

/** What a client says first. */
export interface Hello {
  /** A ticket of `/token`, or the base64 of NAME:PASSWORD; `''` where nobody is asked. */
  readonly authToken: string
  readonly size: TerminalSize | undefined
  /** Ours: whether it knows of messages that ttyd has not. */
  readonly isOurs: boolean
  /** Ours: a key of the session to come to; `''` for a new one. */
  readonly sessionKey: string
  /** Ours: how many bytes of the session's output it has; nothing when it wants what is kept. */
  readonly offset: number | undefined
}

/** What a client says. */
export type ClientMessage =
  | { readonly type: 'hello'; readonly hello: Hello }
  | { readonly type: 'input'; readonly bytes: Uint8Array }
  | { readonly type: 'resize'; readonly size: TerminalSize }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  /** Ours: it wants to write, and the one that did reads from now on. */
  | { readonly type: 'take' }

const INPUT = 0x30
const RESIZE = 0x31
const PAUSE = 0x32
const RESUME = 0x33
const TAKE = 0x34
const HELLO = 0x7b // "{": the first message is its JSON itself

/** The largest JSON that a client has a reason to send. */
const MAX_JSON_BYTES = 4096

/** Reads a message of a client. Returns nothing for what is none, which ttyd passes over as well. */
export function decodeClientMessage(bytes: Uint8Array): ClientMessage | undefined {
  switch (bytes[0]) {
    case INPUT:
      return { type: 'input', bytes: bytes.subarray(1) }
    case PAUSE:
      return { type: 'pause' }
    case RESUME:
      return { type: 'resume' }
    case TAKE:
      return { type: 'take' }
    case RESIZE: {
      const said = readJson(bytes.subarray(1))
      const size = said && readSize(said['columns'], said['rows'])
      return size && { type: 'resize', size }
    }
    case HELLO: {
      const said = readJson(bytes)
      return said && { type: 'hello', hello: readHello(said) }
    }
    default:
      return undefined
  }
}

function readHello(said: Readonly<Record<string, unknown>>): Hello {
  const { AuthToken: authToken, columns, rows, wigwag, session, offset } = said
  return {
    authToken: typeof authToken === 'string' ? authToken : '',
    size: readSize(columns, rows),
    isOurs: wigwag === 1,
    sessionKey: typeof session === 'string' ? session : '',
    offset: Number.isSafeInteger(offset) && (offset as number) >= 0 ? (offset as number) : undefined,
  }
}

function readJson(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  if (bytes.length > MAX_JSON_BYTES) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString())
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}

/** A message of output with room for `length` bytes behind its first, to be filled in. */
export function outputMessage(length: number): Uint8Array {
  const message = new Uint8Array(length + 1)
  message[0] = INPUT
  return message
}

/** What the window is called: `command (hostname)` with ttyd. */
export function titleMessage(title: string): Uint8Array {
  return Buffer.from(`1${title}`)
}

/** How the client is to look and behave: options of xterm.js and of the page. */
export function preferencesMessage(preferences: Readonly<Record<string, unknown>>): Uint8Array {
  return Buffer.from(`2${JSON.stringify(preferences)}`)
}

/** Ours: how a session stands for one of its viewers. */
export interface SessionStateMessage {
  /** The offset of the next byte of output: what is behind it has been dropped, and the screen starts over. */
  readonly offset: number | undefined
  readonly role: 'writer' | 'viewer'
  /** Whether it may become the writer. */
  readonly mayWrite: boolean
  /** Whose key lets one come back to write; nothing for who may only read. */
  readonly writerKey: string | undefined
  /** Whose key lets one read. */
  readonly viewerKey: string
  /** For how long the session stays when nobody looks, in milliseconds. */
  readonly keepMs: number
  readonly size: TerminalSize
  readonly viewers: number
}

/** Ours: `3` and JSON. */
export function stateMessage(state: SessionStateMessage): Uint8Array {
  return Buffer.from(`3${JSON.stringify(state)}`)
}
