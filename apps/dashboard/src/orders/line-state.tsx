import { Countdown } from '../hub/countdown.tsx'
import { TransportTag } from '../hub/transport-tag.tsx'
import { board } from './board-model.ts'
import { describeBoardNotice, describeKept } from './board-notice.ts'

const PHASE_WORDS = {
  open: 'Live',
  connecting: 'Connecting',
  waiting: 'Reconnecting',
  closed: 'Not connected',
} as const

/** How it stands with the line to the server, in a word; in sight wherever the list has been scrolled to. */
export function LineState() {
  const state = board.connection.value
  return (
    <div class="line" data-phase={state.phase}>
      <p class="phase" role="status" aria-label="Connection state">
        <span class="lamp" aria-hidden="true" />
        {PHASE_WORDS[state.phase]}
        {state.phase === 'waiting' && <Countdown reconnectAtMs={state.reconnectAtMs} />}
        {state.phase === 'open' && <TransportTag transport={state.transport} />}
      </p>
    </div>
  )
}

/** What there is to say of it. */
export function LineDetail() {
  const { phase } = board.connection.value
  return (
    <div class="detail">
      <p role="status" aria-label="What became of what was missed">
        {describeLine()}
      </p>
      {(phase === 'waiting' || phase === 'closed') && (
        <button type="button" class="quiet" onClick={() => board.reconnectNow()}>
          Reconnect now
        </button>
      )}
    </div>
  )
}

function describeLine(): string {
  const state = board.connection.value
  switch (state.phase) {
    case 'connecting':
      return 'Finding the server.'
    case 'waiting':
      return `${state.trouble} ${describeKept(board.kept.value)}`
    case 'closed':
      return state.trouble ?? 'Not connected.'
    case 'open': {
      const notice = board.notice.value
      return notice === undefined ? 'Changes show as they happen.' : describeBoardNotice(notice)
    }
  }
}
