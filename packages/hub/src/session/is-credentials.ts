import { ApplicationRefusal } from '../namespace/refuse.ts'
import { AuthenticationRefusal } from './authentication-refusal.ts'
import type { Credentials, Refused } from './credentials.ts'

/** Whether somebody is let in. */
export function isCredentials(answer: Credentials | Refused): answer is Credentials {
  return !(answer instanceof AuthenticationRefusal) && !(answer instanceof ApplicationRefusal)
}
