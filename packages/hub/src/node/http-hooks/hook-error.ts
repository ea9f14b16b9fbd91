import type { HookName } from './hook-name.ts'

/** Why a call came to nothing. */
export type HookErrorCode =
  /** No connection, or one that broke. */
  | 'ERR_HOOK_UNREACHABLE'
  /** No whole answer in time. */
  | 'ERR_HOOK_TIMEOUT'
  /** Too many calls wait for their turn already. */
  | 'ERR_HOOK_BUSY'
  /** An answer that says nothing: another status than 200, too large, not the JSON that was asked for. */
  | 'ERR_HOOK_ANSWER'
  /** `close` was called. */
  | 'ERR_HOOK_CLOSED'

/** The back end could not be asked, or said nothing that counts: nobody gets in. Its message quotes neither body nor header. */
export class HookError extends Error {
  readonly code: HookErrorCode
  /** Which hook. */
  readonly hook: HookName

  constructor(code: HookErrorCode, hook: HookName, message: string) {
    super(`Hook ${hook}: ${message}`)
    this.name = 'HookError'
    this.code = code
    this.hook = hook
  }
}
