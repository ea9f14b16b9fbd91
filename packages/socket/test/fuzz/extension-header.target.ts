import { encodeExtensions, isToken, parseExtensions } from '@wigwag/socket/core'
import { latin1, must } from '../../../../tools/fuzz/fuzz-target.ts'

/** `Sec-WebSocket-Extensions`: RFC 6455 §9.1. */
export function fuzz(input: Uint8Array): void {
  const parsed = parseExtensions(latin1(input))
  if ('fault' in parsed) {
    must(parsed.fault !== '' && parsed.fault.length < input.length * 6 + 200, 'the fault says nothing, or too much')
    return
  }
  const { offers } = parsed
  must(offers.length <= 32, 'more offers than the limit')
  for (const { name, parameters } of offers) {
    must(isToken(name), 'a name is no token')
    for (const [key, value] of parameters) must(isToken(key) && (value === undefined || isToken(value)), 'no token')
  }
  const encoded = encodeExtensions(offers)
  must(JSON.stringify(parseExtensions(encoded)) === JSON.stringify(parsed), () => `${encoded} is read otherwise`)
}

export const seeds: Record<string, string> = {
  'as browsers offer': 'permessage-deflate; client_max_window_bits',
  'two offers of one': 'permessage-deflate; server_max_window_bits=10, permessage-deflate',
  'a quoted value': 'permessage-deflate; server_max_window_bits="1\\0"',
  'empty members': ' , ,permessage-deflate ;\tx= y,, ',
  'a quote that never ends': 'a; b="c\\',
  'a quoted value that is no token': 'a; b="c d"',
  'too many offers': 'a,'.repeat(33),
  'a parameter without a name': 'a; =b',
}

export const dictionary: string[] = [
  'permessage-deflate',
  'server_no_context_takeover',
  'client_no_context_takeover',
  'server_max_window_bits',
  'client_max_window_bits',
  '; ',
  ', ',
  '="',
]
