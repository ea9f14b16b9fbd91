import {
  answerExtensions,
  confirmExtensions,
  type DeflateParameters,
  type ExtensionChain,
  encodeExtensions,
  offerExtensions,
  PerMessageDeflate,
  type PerMessageDeflateOptions,
  parseDeflateParameters,
  parseExtensions,
} from '@wigwag/socket/core'
import { latin1, must } from '../../../../tools/fuzz/fuzz-target.ts'
import { nodeDeflate } from '../../src/node/node-deflate.ts'

/**
 * What is offered and answered for permessage-deflate (RFC 7692 §7.1), by any peer and by our own. The first byte is what a
 * server wants, the second what a client wants.
 */
export function fuzz(input: Uint8Array): void {
  const server = extensionOf(input[0] ?? 0)
  const client = extensionOf(input[1] ?? 0)
  const parsed = parseExtensions(latin1(input.subarray(2)))
  if ('fault' in parsed) return
  const { answer } = answerExtensions(parsed.offers, [server])
  must(answer.length <= 1, 'one extension is answered twice')
  const [ours] = answer
  if (ours !== undefined) {
    const given = parametersOf(ours.parameters)
    must(given !== undefined && given.clientMaxWindowBits !== true, 'our answer is malformed')
    const isAnswered = ({ name, parameters }: (typeof parsed.offers)[number]): boolean => {
      const offered = parametersOf(parameters)
      return name === ours.name && offered !== undefined && mayAnswer(offered, given)
    }
    must(parsed.offers.some(isAnswered), () => `${encodeExtensions(answer)} answers nothing that was offered`)
    const again = parseExtensions(encodeExtensions(answer))
    must('offers' in again && JSON.stringify(again.offers) === JSON.stringify(answer), 'our answer is read otherwise')
  }
  const confirmed = confirmExtensions(parsed.offers, [client])
  if ('fault' in confirmed) must(confirmed.fault !== '', 'nobody is told what is wrong')
  converse(server, client)
}

/** Whether `answer` is one that RFC 7692 §7.1 has for `offer`. */
function mayAnswer(offer: DeflateParameters, answer: DeflateParameters): boolean {
  const serverBits = answer.serverMaxWindowBits ?? 15
  if (offer.serverNoContextTakeover && !answer.serverNoContextTakeover) return false
  if (offer.serverMaxWindowBits !== undefined && serverBits > offer.serverMaxWindowBits) return false
  if (answer.clientMaxWindowBits === undefined) return true
  if (offer.clientMaxWindowBits === undefined) return false
  return offer.clientMaxWindowBits === true || Number(answer.clientMaxWindowBits) <= offer.clientMaxWindowBits
}

/** Both of ours agree, whatever each was told to want, and understand each other then. */
function converse(server: PerMessageDeflate, client: PerMessageDeflate): void {
  const { answer, chain } = answerExtensions(offerExtensions([client]), [server])
  const confirmed = confirmExtensions(answer, [client])
  must(!('fault' in confirmed), () => `our own client refuses our own answer ${encodeExtensions(answer)}`)
  if (chain === undefined || confirmed.chain === undefined) return
  for (const text of ['hello hello hello', 'hello again, hello', '']) {
    pass(chain, confirmed.chain, text)
    pass(confirmed.chain, chain, text)
  }
}

function pass(from: ExtensionChain, to: ExtensionChain, text: string): void {
  const encoded = from.encode(Buffer.from(text), true)
  const decoded = to.decode(new Uint8Array(encoded), from.encodedBits, 1000)
  must(decoded instanceof Uint8Array && Buffer.from(decoded).toString() === text, 'it comes otherwise than it was sent')
}

function parametersOf(parameters: Parameters<typeof parseDeflateParameters>[0]): DeflateParameters | undefined {
  const parsed = parseDeflateParameters(parameters)
  return 'fault' in parsed ? undefined : parsed
}

const extensions: (PerMessageDeflate | undefined)[] = []

function extensionOf(wish: number): PerMessageDeflate {
  extensions[wish] ??= new PerMessageDeflate(optionsOf(wish), nodeDeflate)
  return extensions[wish]
}

const WINDOWS = [undefined, 8, 9, 15]

function optionsOf(wish: number): PerMessageDeflateOptions {
  const [server, client] = [WINDOWS[(wish >> 2) & 3], WINDOWS[(wish >> 4) & 3]]
  return {
    serverNoContextTakeover: (wish & 1) !== 0,
    clientNoContextTakeover: (wish & 2) !== 0,
    ...(server === undefined ? {} : { serverMaxWindowBits: server }),
    ...(client === undefined ? {} : { clientMaxWindowBits: client }),
    thresholdBytes: 0,
  }
}

export const seeds: Record<string, string> = {
  'nothing but the name': '\0\0permessage-deflate',
  'as browsers offer': '\0\0permessage-deflate; client_max_window_bits',
  'all parameters':
    '\x15\x2apermessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=12',
  'a second choice':
    '\x04\x10permessage-deflate; server_max_window_bits=16, permessage-deflate; server_max_window_bits="9"',
  'a parameter twice': '\0\0permessage-deflate; server_no_context_takeover; server_no_context_takeover',
  'a parameter with a value': '\0\0permessage-deflate; client_no_context_takeover=1',
  'a leading zero': '\0\0permessage-deflate; client_max_window_bits=08',
  'the smallest windows': '\x14\x14permessage-deflate; server_max_window_bits=8; client_max_window_bits=8',
  'another extension': '\0\0x-webkit-deflate-frame, permessage-deflate',
}

export const dictionary: string[] = [
  'permessage-deflate',
  '; server_no_context_takeover',
  '; client_no_context_takeover',
  '; server_max_window_bits',
  '; client_max_window_bits',
  '=8',
  '=15',
  ', permessage-deflate',
]

export const maxInputBytes = 300
