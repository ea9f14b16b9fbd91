import { randomBytes } from 'node:crypto'

/** The id of a stream that begins: never given before. */
export function createEpoch(): string {
  return randomBytes(9).toString('base64url')
}
