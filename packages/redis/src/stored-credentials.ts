import type { Credentials } from '@wigwag/hub'

/** Credentials as Redis holds them: JSON, with the map as a list of pairs. */
export function encodeStoredCredentials({ channelInfo, ...rest }: Credentials): string {
  return JSON.stringify(channelInfo === undefined ? rest : { ...rest, channelInfo: [...channelInfo] })
}

/** Reads what `encodeStoredCredentials` wrote. Throws for anything else: whoever writes there decides who somebody is. */
export function decodeStoredCredentials(stored: string): Credentials {
  const read: unknown = JSON.parse(stored)
  if (typeof read !== 'object' || read === null || !('user' in read) || typeof read.user !== 'string') throw notOurs()
  const { channelInfo, ...rest } = read as Omit<Credentials, 'channelInfo'> & { readonly channelInfo?: unknown }
  if (channelInfo === undefined) return rest
  if (!Array.isArray(channelInfo) || !channelInfo.every(isPair)) throw notOurs()
  return { ...rest, channelInfo: new Map(channelInfo) }
}

function isPair(entry: unknown): boolean {
  return Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'string'
}

function notOurs(): Error {
  return new Error('This was not stored by Wigwag.')
}
