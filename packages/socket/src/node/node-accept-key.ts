import * as crypto from 'node:crypto'
import { acceptKey, GUID } from '../core/index.ts'

type Hash = (algorithm: string, data: string, encoding: 'base64') => string
/** Node has it from 20.12 on. */
const { hash } = crypto as { hash?: Hash }

/** `acceptKey`, in a third of the time where Node can hash in one call. */
export function nodeAcceptKey(key: string): string {
  return hash === undefined ? acceptKey(key) : hash('sha1', key + GUID, 'base64')
}
