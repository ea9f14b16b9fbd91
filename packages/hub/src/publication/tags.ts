import { HubError } from '../error/hub-error.ts'
import { utf8Bytes } from './utf8-bytes.ts'

/** Most tags of a publication (count). */
export const MAX_TAGS = 32
/** Most bytes of a publication's tags, keys and values together, as UTF-8. */
export const MAX_TAGS_BYTES = 4096

/** Throws `HubError` `ERR_TAGS` unless `tags` can go with a publication: strings by name, not too many of them. */
export function assertTags(tags: Readonly<Record<string, string>>): void {
  const fault = describeFault(tags)
  if (fault !== undefined) throw new HubError('ERR_TAGS', `Tags are strings by their names; ${fault}.`)
}

function describeFault(tags: unknown): string | undefined {
  if (typeof tags !== 'object' || tags === null || Array.isArray(tags)) return 'what was given is no object'
  const entries = Object.entries(tags)
  if (entries.length > MAX_TAGS) return `at most ${MAX_TAGS} can go with a publication, and there are ${entries.length}`
  let bytes = 0
  for (const [name, value] of entries) {
    if (typeof value !== 'string') return `${JSON.stringify(name.slice(0, 60))} is none`
    bytes += utf8Bytes(name) + utf8Bytes(value)
  }
  return bytes > MAX_TAGS_BYTES ? `at most ${MAX_TAGS_BYTES} bytes of them can go, and these take ${bytes}` : undefined
}
