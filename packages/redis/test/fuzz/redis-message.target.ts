import { latin1, must, unlessRefused } from '../../../../tools/fuzz/fuzz-target.ts'
import { announcementKind, decodeAnnouncedInfo, encodeAnnouncement } from '../../src/announcement-message.ts'
import { matchesBridge } from '../../src/bridge.ts'
import { channelKeys } from '../../src/channel-keys.ts'
import { decodeLiveMessage } from '../../src/live-message.ts'
import { presenceKeys } from '../../src/presence-keys.ts'
import { decodeStoredCredentials, encodeStoredCredentials } from '../../src/stored-credentials.ts'
import { decodeStoredData, encodeStoredData, type StoredData } from '../../src/stored-data.ts'
import { decodeStoredInfo, encodeStoredInfo } from '../../src/stored-info.ts'

/** What comes out of Redis: whoever reaches it can send to its channels and write to its streams. */
export function fuzz(input: Uint8Array): void {
  const message = Buffer.from(input)
  const live = unlessRefused(() => decodeLiveMessage('a', message), isRefusal)
  if (live !== undefined) {
    must(Number.isInteger(live.time) && live.time >= 0, () => `time ${live.time}`)
    const { position } = live
    must(position === undefined || (Number.isSafeInteger(position.offset) && position.offset > 0), 'no offset')
    const head = position === undefined ? '::' : `${position.epoch}:`
    must(latin1(input).startsWith(head), 'it begins otherwise')
    checkData(live)
  }
  const stored = unlessRefused(() => decodeStoredData(message), isRefusal)
  if (stored !== undefined) checkData(stored)
  const kind = announcementKind(message)
  const info = kind && unlessRefused(() => decodeAnnouncedInfo(message), isRefusal)
  if (kind !== undefined && info !== undefined) {
    const again = decodeAnnouncedInfo(Buffer.from(encodeAnnouncement(kind, info)))
    must(JSON.stringify(again) === JSON.stringify(info), 'it is announced otherwise than it was read')
    must(live === undefined, 'an announcement is a publication as well')
  }
  const text = message.toString()
  checkAgain(text, (each) => decodeStoredInfo('c', each), encodeStoredInfo)
  checkAgain(text, decodeStoredCredentials, encodeStoredCredentials)
  checkName(text)
}

/** Thrown for whatever is not ours; the broker counts it and goes on. */
const isRefusal = (error: unknown): boolean =>
  error instanceof SyntaxError || (error instanceof Error && error.message.startsWith('This was not'))

function checkData({ data, info, tags }: StoredData): void {
  const again = decodeStoredData(Buffer.from(encodeStoredData(data, { ...(info && { info }), ...(tags && { tags }) })))
  const read = { data, info, tags }
  const stored = { data: again.data, info: again.info, tags: again.tags }
  must(JSON.stringify(stored) === JSON.stringify(read), 'it is stored otherwise than it was read')
}

/** What was read is written so that it is read again as the same. */
function checkAgain<T>(text: string, decode: (text: string) => T, encode: (value: T) => string): void {
  const read = unlessRefused(() => decode(text), isRefusal)
  if (read === undefined) return
  const written = encode(read)
  must(encode(decode(written)) === written, 'it is stored otherwise than it was read')
}

/** A channel's name, as a hub takes it from a URL, among patterns and keys. */
function checkName(name: string): void {
  for (const pattern of ['*', 'a*', '*a', 'a*b*c', 'a*bc*bc', '**', name]) {
    must(matchesBridge([pattern], name) === matchesSlowly(pattern, name), () => `${JSON.stringify(name)} on ${pattern}`)
  }
  const { meta, stream } = channelKeys('wigwag', name, 0)
  const { infos } = presenceKeys('wigwag', name)
  must(
    hashed(meta) === hashed(stream) && hashed(meta) === hashed(infos) && (hashed(meta) !== '') === (name !== ''),
    'its keys lie in two slots',
  )
}

function matchesSlowly(pattern: string, text: string): boolean {
  if (pattern.includes('*') && pattern === text) return true
  const quoted = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`^${quoted.join('.*')}$`, 's').test(text)
}

/** What Redis takes a key's slot from: the text in the first pair of braces. */
function hashed(key: string): string {
  const start = key.indexOf('{')
  return key.slice(start + 1, key.indexOf('}', start + 1))
}

export const seeds: Record<string, string> = {
  'a session': '"ada"\n{"conn_info":{"name":"Ada"},"chan_info":null}',
  'a session of which nothing was said': '"ada"',
  'a ticket': '{"user":"ada","expiresAt":1,"channelInfo":[["news",{"a":1}]]}',
  'a publication with history': 'e-1:42:1700000000000:shello',
  'a publication without': '::1700000000000:b\xff\0',
  'a JSON value': 'e:1:5:j{"a":[1]}',
  'JSON that is none': 'e:1:5:j{',
  'a kind that nobody knows': 'e:1:5:xa',
  'an offset above all numbers': 'e:9999999999999999:5:s',
  'a plain message': 'hello',
  'a publication with tags': 'e:1:5:m18:{"tags":{"a":"b"}}shello',
  'a publication with who published': '::5:m37:{"info":{"client":"c","user":"","x":[]}}j1',
  'who joins': '>{"client":"c","user":"u"}',
  'who leaves': '<{"client":"c","user":"","conn_info":[1]}',
  'stored text': 'stext',
  'stored JSON': 'j[null]',
  'stored bytes': 'b\x01',
  'a name with braces': 'a{b}c%7D',
}

export const maxInputBytes = 128

export const dictionary: string[] = [
  ':',
  '::',
  'e:1:',
  ':s',
  'm2:{}',
  '"tags":{}',
  '"info":{"client":"","user":""}',
  '>{',
  '<{',
  ':j',
  ':b',
  '{',
  '}',
  '%7B',
  'aXbYc',
  'abc',
  '9007199254740991',
]
