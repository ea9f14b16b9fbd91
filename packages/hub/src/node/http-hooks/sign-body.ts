import { createHmac, type KeyObject } from 'node:crypto'

/**
 * The value of `Wigwag-Signature`: `t=` the time in seconds, and `v1=` HMAC-SHA256 of `TIME.BODY` in hex for each secret,
 * so that the back end can know the old one or the new one while it is changed.
 */
export function signBody(secrets: readonly KeyObject[], body: string, nowMs: number): string {
  const time = Math.floor(nowMs / 1000)
  const signatures = secrets.map((secret) => createHmac('sha256', secret).update(`${time}.${body}`).digest('hex'))
  return [`t=${time}`, ...signatures.map((signature) => `v1=${signature}`)].join(',')
}
