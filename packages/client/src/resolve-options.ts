import { ClientError } from './error/client-error.ts'

/**
 * Fills in defaults. Throws `ClientError` `ERR_OPTION` for one of those that is no number of at least 1. `where`: what the options are
 * within, as in `'keepalive.'`.
 */
export function resolveOptions<Defaults extends Readonly<Record<string, number>>, Options extends object>(
  defaults: Defaults,
  options: Options,
  where = '',
): Options & { readonly [Name in keyof Defaults]: number } {
  const resolved = { ...defaults, ...options }
  for (const name in defaults) {
    const value = resolved[name] as unknown as number
    // Neither text nor NaN is the number that it stands for.
    if (value !== +value || value < 1) {
      throw new ClientError('ERR_OPTION', `${where}${name} must be a number of at least 1, not ${value}.`)
    }
  }
  return resolved
}
