import type { Role } from '@wigwag/socket/core'
import type { FrameSpec } from '@wigwag/socket/testing'
import type { Exchange } from './exchange.ts'

/** A frame as the judge sends it: masked as its role demands, unless the case says otherwise. */
export interface JudgeFrame extends Omit<FrameSpec, 'mask'> {
  /** A masking-key of the case's own, or `'wrong'`: masked where it must not be, unmasked where it must. */
  readonly mask?: FrameSpec['mask'] | 'wrong'
  /**
   * Where the sending stops, with nothing behind it: behind the second byte, the extended length, the whole header, or
   * so many bytes of payload.
   */
  readonly until?: 'second byte' | 'length' | 'header' | number
}

/** How bytes are cut on the way: one chunk, a chunk a frame, a chunk a byte, or chunks of these sizes and one of the rest. */
export type Chunking = 'together' | 'apart' | 'bytewise' | readonly number[]

/** What an opening handshake agreed to. `undefined` stands for a header that must not be there. */
export interface Agreed {
  readonly subprotocol?: string | undefined
  /** Sec-WebSocket-Extensions, its parameters in any order. */
  readonly extensions?: string | undefined
}

/** What a server's answer may refer to. */
export interface AskedByClient {
  readonly key: string
  /** What answers the key. */
  readonly accept: string
  /** A proper answer. */
  readonly proper: string
}

/** One step of an exchange: something the judge does, or something that it waits for and nothing else may come before. */
export type Step =
  | { readonly do: 'send'; readonly frames: readonly (JudgeFrame | Uint8Array)[]; readonly chunks: Chunking }
  /** Goes on with the payload of the frame that was last sent in part. */
  | { readonly do: 'send rest'; readonly payload: Uint8Array; readonly from: number; readonly to: number }
  | { readonly do: 'end' | 'reset' | 'let time pass' }
  /** Steps that do something, with no turn of the event loop between them. */
  | { readonly do: 'at once'; readonly steps: readonly Step[] }
  /** Behind both Close frames: the server ends its direction, then the client (§7.1.1). */
  | { readonly do: 'server goes first' }
  | { readonly do: 'ask'; readonly head: string; readonly behind?: readonly JudgeFrame[]; readonly chunks: Chunking }
  | {
      readonly do: 'answer'
      readonly head: (asked: AskedByClient) => string
      readonly behind?: readonly JudgeFrame[]
      readonly chunks: Chunking
    }
  /** The opening handshake with compression: what a client offers, and what a server answers. */
  | { readonly do: 'negotiate'; readonly offer: string; readonly answer: string }
  | { readonly do: 'have it close'; readonly code: number | undefined; readonly reason: string }
  | { readonly do: 'have it send'; readonly data: string | Uint8Array }
  | { readonly do: 'see message'; readonly data: string | Uint8Array; readonly compressed?: boolean }
  | { readonly do: 'see pong'; readonly payload: Uint8Array | string }
  | { readonly do: 'see close'; readonly code: number; readonly reason: string | undefined }
  | { readonly do: 'see failure'; readonly code: number }
  | { readonly do: 'see end' }
  | { readonly do: 'see accepted'; readonly agreed: Agreed }
  | {
      readonly do: 'see refused'
      readonly statuses: readonly number[]
      readonly headers: Readonly<Record<string, string>>
    }
  | { readonly do: 'see handshake failed' }
  | { readonly do: 'see told'; readonly code: number; readonly clean: boolean }
  | { readonly do: 'check'; readonly what: string; readonly run: (exchange: Exchange) => Promise<void> | void }

/** Sends frames, or bytes as they are, in one chunk. */
export function send(...frames: readonly (JudgeFrame | Uint8Array)[]): Step {
  return { do: 'send', frames, chunks: 'together' }
}

/** Sends them cut in chunks. */
export function sendIn(chunks: Chunking, ...frames: readonly (JudgeFrame | Uint8Array)[]): Step {
  return { do: 'send', frames, chunks }
}

/** The judge will send no more (TCP FIN). */
export const end: Step = { do: 'end' }
/** The judge goes with a reset (TCP RST). */
export const reset: Step = { do: 'reset' }
/** Lets the subject's deadlines come; where time cannot be turned, they are short and what follows waits for them. */
export const letTimePass: Step = { do: 'let time pass' }

/** The judge, as a client, asks for an upgrade. `head` ends with its empty line, if it is to have one. */
export function ask(head: string, chunks: Chunking = 'together', behind: readonly JudgeFrame[] = []): Step {
  return { do: 'ask', head, chunks, behind }
}

/** The judge, as a server, waits for a proper request and answers it. */
export function answer(
  head: (asked: AskedByClient) => string,
  chunks: Chunking = 'together',
  behind: readonly JudgeFrame[] = [],
): Step {
  return { do: 'answer', head, chunks, behind }
}

/** Opens with compression: as a client by this offer, which must get this answer; as a server by this answer. */
export function negotiate(offer: string, answered: string): Step {
  return { do: 'negotiate', offer, answer: answered }
}

/** Has the subject's application close. */
export function haveItClose(code?: number, reason: string = ''): Step {
  return { do: 'have it close', code, reason }
}

/** Has the subject's application send. */
export function haveItSend(data: string | Uint8Array): Step {
  return { do: 'have it send', data }
}

/** The next thing to come is this message, in whatever fragments: a string for text, bytes for binary. */
export function echo(data: string | Uint8Array): Step {
  return { do: 'see message', data }
}

/** The same, with or without compression. */
export function echoCompressed(data: string | Uint8Array, compressed: boolean = true): Step {
  return { do: 'see message', data, compressed }
}

/** The next thing to come is this pong. */
export function pong(payload: Uint8Array | string = ''): Step {
  return { do: 'see pong', payload }
}

/** The next thing to come is a Close frame; the connection is not failed. 1005 stands for one without a code. */
export function close(code: number, reason?: string): Step {
  return { do: 'see close', code, reason }
}

/** The subject fails the connection (§7.1.7): a Close frame with this code comes next, then the end. */
export function fail(code: number): Step {
  return { do: 'see failure', code }
}

/** The subject ends its direction, though the judge has not. */
export const ended: Step = { do: 'see end' }

/** The upgrade is accepted, with what is agreed on. */
export function accepted(agreed: Agreed = {}): Step {
  return { do: 'see accepted', agreed }
}

/** The upgrade is refused with one of these statuses (or, without any, by hanging up), and with these headers. */
export function refused(statuses: readonly number[], headers: Readonly<Record<string, string>> = {}): Step {
  return { do: 'see refused', statuses, headers }
}

/** The subject, a client, fails the opening handshake: it sends no frame and hangs up. */
export const handshakeFailed: Step = { do: 'see handshake failed' }

/** The subject's application is told how it ended (§7.1.4 to §7.1.6). */
export function told(code: number, clean: boolean): Step {
  return { do: 'see told', code, clean }
}

/** Something that needs more than one look. Throws `Fault`. */
export function check(what: string, run: (exchange: Exchange) => Promise<void> | void): Step {
  return { do: 'check', what, run }
}

/** Both roles: most of what RFC 6455 says is said to both. */
export const BOTH: readonly Role[] = ['server', 'client']
