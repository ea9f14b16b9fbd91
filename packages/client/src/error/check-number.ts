import { ClientError } from './client-error.ts'

/** Throws `ClientError` `ERR_OPTION` for an option that is no number of at least 1. */
export function checkNumber(name: string, value: number): void {
  if (!(value >= 1)) throw new ClientError('ERR_OPTION', `${name} must be a number of at least 1, not ${value}.`)
}
