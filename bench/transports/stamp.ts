/** Where everything is published. */
export const CHANNEL = 'bench'

/** What a publication is, in bytes of JSON. */
const PAYLOAD_BYTES = 128

/** A publication: its number, and when it was published, by the clock that processes of a machine share. */
export interface Stamp {
  readonly number: number
  readonly atNs: string
  readonly rest: string
}

/** The publication of a number, now. */
export function encodeStamp(number: number): Stamp & { readonly [name: string]: string | number } {
  const stamp = { number, atNs: String(process.hrtime.bigint()), rest: '' }
  return { ...stamp, rest: 'x'.repeat(Math.max(0, PAYLOAD_BYTES - JSON.stringify(stamp).length)) }
}

/** Its number, and how long it has been on its way, in milliseconds. */
export function readStamp(text: string): { readonly number: number; readonly latencyMs: number } {
  const { number, atNs } = JSON.parse(text) as Stamp
  return { number, latencyMs: Number(process.hrtime.bigint() - BigInt(atNs)) / 1e6 }
}
