import type { JsonValue, Publication, PublicationData } from '../publication/publication.ts'

// What JavaScript engines take for the parts of a JSON value, in bytes: `{}` is two characters and sixty bytes.
const VALUE = 8
const TEXT = 16
const FRACTION = 16
const ARRAY = 48
const OBJECT = 56
const KEY = 80

/** Roughly what a publication takes in memory, in bytes: its data, and what goes along with that. */
export function retainedPublicationSize({ data, info, tags }: Publication): number {
  const bytes = retainedSize(data)
  if (info === undefined && tags === undefined) return bytes
  return bytes + (tags === undefined ? 0 : retainedSize(tags)) + (info === undefined ? 0 : retainedSize({ ...info }))
}

/** Roughly what data takes in memory, in bytes: a string one a code unit, JSON what its parts take, whatever its text does. */
export function retainedSize(data: PublicationData): number {
  if (typeof data === 'string' || data instanceof Uint8Array) return data.length
  let bytes = 0
  // Without recursion: this is also asked from timers, where an error would end the process.
  const values: (JsonValue | undefined)[] = [data]
  while (values.length > 0) {
    const value = values.pop()
    bytes += VALUE
    if (typeof value === 'string') bytes += TEXT + value.length
    else if (typeof value === 'number') bytes += Number.isInteger(value) ? 0 : FRACTION
    else if (Array.isArray(value)) {
      bytes += ARRAY
      for (const element of value) values.push(element)
    } else if (typeof value === 'object' && value !== null) {
      bytes += OBJECT
      for (const [key, member] of Object.entries(value)) {
        bytes += KEY + key.length
        values.push(member)
      }
    }
  }
  return bytes
}
