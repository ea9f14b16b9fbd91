import { Refusal, refuse } from '@wigwag/socket'
import { CHALLENGE, type Credentials } from '../access/credentials.ts'
import type { AccessRequest } from './exec-options.ts'

/** Who decides. */
export interface AccessRules {
  readonly credentials: Credentials | undefined
  readonly authorize: (request: AccessRequest) => unknown
}

/** The name that a request proves, if names are asked for; or the refusal. */
export function checkCredentials(
  { incoming }: AccessRequest,
  { credentials }: Pick<AccessRules, 'credentials'>,
): { readonly name: string; readonly scheme: string } | undefined | Refusal {
  if (credentials === undefined) return undefined
  const name = credentials.check(incoming.headers.authorization)
  return name === undefined ? refuse(401, 'A name and a password are needed.', CHALLENGE) : { name, scheme: 'Basic' }
}

/** The refusal, unless whoever sent the request may come in. */
export async function checkAccess(request: AccessRequest, rules: AccessRules): Promise<Refusal | undefined> {
  const user = checkCredentials(request, rules)
  if (user instanceof Refusal) return user
  const decision = await rules.authorize(request)
  return decision instanceof Refusal ? decision : undefined
}
