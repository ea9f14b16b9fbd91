import { must } from '../../../../tools/fuzz/fuzz-target.ts'
import { encodePosition, type Position, parsePosition, parseStreamLine } from '../../src/stream-line.ts'

/** A line of `wigwag.publication.v1`, as the page reads it from whatever server it was pointed to. */
export function fuzz(input: Uint8Array): void {
  const text = Buffer.from(input).toString()
  const parsed = parseStreamLine(text)
  if (!parsed.ok) {
    must(parsed.problem !== '', 'nobody is told what is wrong')
    return
  }
  const { line } = parsed
  if (line.type === 'gap') checkPosition(line.after)
  if (line.type === 'live' && line.position !== undefined) checkPosition(line.position)
  if (line.type !== 'publication') return
  const { data } = line.publication
  if (data.type === 'binary')
    must(data.sizeBytes >= 0 && data.sizeBytes <= input.length, () => `${data.sizeBytes} bytes`)
  else must(typeof data.text === 'string', 'its text is none')
}

function checkPosition(position: Position): void {
  const again = parsePosition(encodePosition(position))
  must(again?.epoch === position.epoch, 'a position is read otherwise than written')
}

const line = (value: unknown): string => JSON.stringify(value)

export const seeds: Record<string, string> = {
  'a publication': line({ offset: 7, epoch: 'e', time: 5, data: 'hello' }),
  bytes: line({ time: 5, b64data: 'AAH/' }),
  'a JSON value': line({ time: 5, data: { a: [1] } }),
  'a gap': line({ gap: { reason: 'history-expired', after: 'e:1', position: 'e:9' } }),
  'where it is live': line({ live: { position: 'e:1', recovered: 3 } }),
  'something newer': line({ presence: {} }),
  'no object': '[1]',
  'no JSON': '{"data":',
  'bytes that are no text': line({ time: 5, b64data: [] }),
  'no time': line({ data: 1 }),
}

export const dictionary: string[] = [
  '"data":',
  '"b64data":',
  '"gap":',
  '"live":',
  '"after":',
  '"time":5',
  'null',
  '{}',
  '[]',
  '"e:1"',
  '==',
]
