import type { Disconnect, ErrorPacket } from '@wigwag/protocol'
import { HubError } from '../error/hub-error.ts'

/** What a client hears when the hub or the application says no: an error in its reply, or the end of its session. */
export type RefusalAnswer =
  | { readonly type: 'error'; readonly code: number; readonly message: string; readonly temporary: boolean }
  | { readonly type: 'disconnect'; readonly disconnect: Disconnect }

/** A no of the application's own, which `refuse` makes. */
export class ApplicationRefusal {
  readonly answer: RefusalAnswer

  constructor(answer: RefusalAnswer) {
    this.answer = answer
  }
}

/** How a refusal is meant. */
export interface RefuseOptions {
  /** Whether the same command may succeed later: clients then try again by themselves. Default false. */
  readonly temporary?: boolean
}

/**
 * What your functions return to refuse in your own words: with a code from 400 to 1999 the client's command is answered
 * with that error, with one from 4000 to 4999 its session ends (4500 and above: it does not come back). Throws `HubError`
 * `ERR_OPTION` for another code.
 */
export function refuse(code: number, message: string, { temporary = false }: RefuseOptions = {}): ApplicationRefusal {
  if (isWithin(code, 400, 1999)) return new ApplicationRefusal({ type: 'error', code, message, temporary })
  if (!isWithin(code, 4000, 4999)) {
    throw new HubError(
      'ERR_OPTION',
      `refuse takes a code from 400 to 1999 (an error) or from 4000 to 4999 (the session ends), not ${code}.`,
    )
  }
  return new ApplicationRefusal({ type: 'disconnect', disconnect: { code, reason: message } })
}

/** The error as a reply has it. */
export function errorPacket({ code, message, temporary }: Extract<RefusalAnswer, { type: 'error' }>): ErrorPacket {
  return temporary ? { code, message, temporary } : { code, message }
}

function isWithin(code: number, lowest: number, highest: number): boolean {
  return Number.isInteger(code) && code >= lowest && code <= highest
}
