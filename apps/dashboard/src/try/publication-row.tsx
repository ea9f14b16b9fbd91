import { useState } from 'preact/hooks'
import type { ShownPublication } from './publication-list.ts'

/** Longer data is cut until all of it is asked for. */
const MAX_SHOWN_LENGTH = 600
const MAX_SHOWN_LINES = 14

export interface PublicationRowProps {
  readonly publication: ShownPublication
  readonly recovered: boolean
}

export function PublicationRow({ publication, recovered }: PublicationRowProps) {
  const { position, timeMs, kind, text } = publication
  const time = new Date(timeMs)
  return (
    <li class="publication" data-testid="publication">
      <Data kind={kind} text={text} />
      <p class="meta">
        {recovered && <span class="tag">recovered</span>}
        {kind === 'json' && <span>JSON</span>}
        {position !== undefined && <span title={`Epoch ${position.epoch}`}>offset {position.offset}</span>}
        <time
          dateTime={isValid(time) ? time.toISOString() : undefined}
          title={isValid(time) ? time.toString() : undefined}
        >
          {describeTime(time)}
        </time>
      </p>
    </li>
  )
}

function Data({ kind, text }: Pick<ShownPublication, 'kind' | 'text'>) {
  const [whole, setWhole] = useState(false)
  if (text === '') return <p class="data nothing">empty</p>
  const start = startOf(text)
  const cut = !whole && start.length < text.length
  return (
    <div class={kind === 'text' ? 'data' : 'data code'}>
      {cut ? `${start}…` : text}
      {cut && (
        <button type="button" class="quiet" onClick={() => setWhole(true)}>
          Show all {text.length.toLocaleString('en')} characters
        </button>
      )}
    </div>
  )
}

function startOf(text: string): string {
  return text.slice(0, MAX_SHOWN_LENGTH).split('\n', MAX_SHOWN_LINES).join('\n')
}

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hourCycle: 'h23',
})
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })

function describeTime(time: Date): string {
  if (!isValid(time)) return 'no time'
  const today = time.toDateString() === new Date().toDateString()
  return today ? CLOCK.format(time) : `${DAY.format(time)}, ${CLOCK.format(time)}`
}

function isValid(time: Date): boolean {
  return !Number.isNaN(time.getTime())
}
