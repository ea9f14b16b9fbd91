import { createHash, randomBytes } from 'node:crypto'
import type { SubjectOptions } from '../judge/conformance-case.ts'
import type { Defect } from './defects.ts'

/** What the small peer thinks of a head. */
export interface SmallVerdict {
  readonly ok: boolean
  readonly answer?: string
}

type Fields = Map<string, string[]>
type Rule = readonly [status: number, unless: Defect | undefined, holds: (head: Head) => boolean]

interface Head {
  readonly startLine: string
  readonly fields: Fields
  readonly options: SubjectOptions
  readonly defects: ReadonlySet<Defect>
}

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
const NONCES = new WeakMap<SubjectOptions, string>()

/** A client's request. */
export function smallRequest(options: SubjectOptions): Buffer {
  const key = randomBytes(16).toString('base64')
  NONCES.set(options, key)
  const { subprotocols = [] } = options
  const offer = subprotocols.length > 0 ? `Sec-WebSocket-Protocol: ${subprotocols.join(', ')}\r\n` : ''
  return Buffer.from(
    `GET / HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${offer}\r\n`,
  )
}

/** The values of a field, one per line. */
const all = ({ fields }: Head, name: string): readonly string[] => fields.get(name) ?? []
const one = (head: Head, name: string): string | undefined =>
  all(head, name).length === 1 ? all(head, name)[0] : undefined
const list = (head: Head, name: string): string[] =>
  all(head, name)
    .flatMap((value) => value.split(',').map(trim))
    .filter((member) => member !== '')
const lists = (head: Head, name: string, token: string): boolean =>
  list(head, name).some((member) => member.toLowerCase() === token)

const REQUEST_RULES: readonly Rule[] = [
  [400, undefined, ({ startLine }) => /^[A-Za-z]+ [\x21-\x7e]+ HTTP\/\d\.\d$/.test(startLine)],
  [405, 'takes any method', ({ startLine }) => startLine.startsWith('GET ')],
  [400, 'takes any HTTP version', ({ startLine }) => startLine.endsWith(' HTTP/1.1')],
  [400, 'takes any target', ({ startLine }) => /^\S+ (?:\/|http:\/\/)[^#\s]* /.test(startLine)],
  [400, 'takes any Host', (head) => /^(?:[\w.-]+|\[[\da-f:]+\])(?::\d+)?$/i.test(one(head, 'host') ?? '')],
  [426, 'does not look at Upgrade', (head) => lists(head, 'upgrade', 'websocket')],
  [426, 'does not look at Connection', (head) => lists(head, 'connection', 'upgrade')],
  [426, 'takes any version', (head) => one(head, 'sec-websocket-version') === '13'],
  [400, 'takes any key', (head) => /^[A-Za-z\d+/]{22}==$/.test(one(head, 'sec-websocket-key') ?? '')],
  [
    400,
    'takes requests with a body',
    (head) =>
      all(head, 'transfer-encoding').length === 0 && all(head, 'content-length').every((length) => length === '0'),
  ],
  [
    403,
    'takes any origin',
    (head) => all(head, 'origin').every((origin, i) => i === 0 && /^https?:\/\/localhost$/.test(origin)),
  ],
  [400, 'takes any offer of subprotocols', offersSubprotocols],
  [400, 'takes any offer of extensions', (head) => all(head, 'sec-websocket-extensions').every(isExtensionList)],
]

const RESPONSE_RULES: readonly Rule[] = [
  [0, 'takes any status', ({ startLine }) => /^HTTP\/\d\.\d 101(?: |$)/.test(startLine)],
  [0, 'takes any HTTP version', ({ startLine }) => startLine.startsWith('HTTP/1.1 ')],
  [0, 'does not look at Upgrade', (head) => one(head, 'upgrade')?.toLowerCase() === 'websocket'],
  [0, 'does not look at Connection', (head) => lists(head, 'connection', 'upgrade')],
  [
    0,
    'does not look at the accepted key',
    (head) => one(head, 'sec-websocket-accept') === accept(NONCES.get(head.options) ?? ''),
  ],
  [
    0,
    'takes any subprotocol',
    (head) =>
      all(head, 'sec-websocket-protocol').every(
        (name, i) => i === 0 && (head.options.subprotocols ?? []).includes(name),
      ),
  ],
  [0, 'takes any extension', (head) => list(head, 'sec-websocket-extensions').length === 0],
]

/** Judges a request; `undefined` stands for one that is too large. */
export function judgeSmallRequest(
  text: string | undefined,
  options: SubjectOptions,
  defects: ReadonlySet<Defect>,
): SmallVerdict {
  const head = parse(text ?? '', options, defects)
  const status = text === undefined ? 431 : head === undefined ? 400 : faultOf(head, REQUEST_RULES)
  if (status !== undefined || head === undefined) {
    const version = defects.has('does not name its version') ? '' : 'Sec-WebSocket-Version: 13\r\n'
    if (!defects.has('refuses with 101'))
      return { ok: false, answer: `HTTP/1.1 ${status} No\r\n${version}Content-Length: 0\r\n\r\n` }
  }
  const { subprotocols = [] } = options
  const offered = head === undefined ? [] : list(head, 'sec-websocket-protocol')
  const [first, second] = defects.has('prefers its own order of subprotocols')
    ? [subprotocols, offered]
    : [offered, subprotocols]
  const selected = defects.has('selects what was not offered') ? 'z' : first.find((name) => second.includes(name))
  const key = head === undefined ? '' : (one(head, 'sec-websocket-key') ?? '')
  const accepted = defects.has('answers the key as it came') ? key : accept(key)
  const extension = defects.has('agrees to extensions nobody offered') ? 'Sec-WebSocket-Extensions: foo\r\n' : ''
  const protocol = selected === undefined ? '' : `Sec-WebSocket-Protocol: ${selected}\r\n`
  const connection = defects.has('answers without Connection') ? '' : 'Connection: upgrade\r\n'
  return {
    ok: true,
    answer: `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n${connection}Sec-WebSocket-Accept: ${accepted}\r\n${protocol}${extension}\r\n`,
  }
}

/** Judges a response; `undefined` stands for one that is too large. */
export function judgeSmallResponse(
  text: string | undefined,
  options: SubjectOptions,
  defects: ReadonlySet<Defect>,
): SmallVerdict {
  const head = text === undefined ? undefined : parse(text, options, defects)
  return { ok: head !== undefined && faultOf(head, RESPONSE_RULES) === undefined }
}

function faultOf(head: Head, rules: readonly Rule[]): number | undefined {
  return rules.find(([, unless, holds]) => !(unless !== undefined && head.defects.has(unless)) && !holds(head))?.[0]
}

function parse(text: string, options: SubjectOptions, defects: ReadonlySet<Defect>): Head | undefined {
  const fields: Fields = new Map()
  const unfolded = defects.has('unfolds lines') ? text.replace(/\r\n[ \t]/g, ' ') : text
  const [startLine = '', ...lines] = unfolded.split('\r\n')
  for (const line of lines) {
    const colon = line.indexOf(':')
    let name = line.slice(0, Math.max(colon, 0))
    if (defects.has('takes white space before the colon')) name = name.trimEnd()
    const value = trim(line.slice(colon + 1))
    const control = [...value].some((character) => (character < ' ' && character !== '\t') || character === '\u007f')
    if (!TOKEN.test(name) || (control && !defects.has('takes control characters in values'))) return undefined
    const key = defects.has('compares names of fields with case')
      ? name.replace(/^(?!Sec|Host|Up|Conn|Orig)/, 'x-')
      : name
    fields.set(key.toLowerCase(), [...(fields.get(key.toLowerCase()) ?? []), value])
  }
  return { startLine, fields, options, defects }
}

function trim(text: string): string {
  return text.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '')
}

function offersSubprotocols(head: Head): boolean {
  const offered = list(head, 'sec-websocket-protocol')
  if (all(head, 'sec-websocket-protocol').length > 0 && offered.length === 0) return false
  return offered.every((name, i) => TOKEN.test(name) && offered.indexOf(name) === i)
}

function isExtensionList(value: string): boolean {
  return value
    .split(',')
    .map(trim)
    .every(
      (extension) =>
        extension === '' || extension.split(';').every((each) => /^[\w-]+(?:=(?:[\w-]+|"[\w-]+"))?$/.test(trim(each))),
    )
}

function accept(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}
