import { describePhase } from '../hub/connection-view.ts'
import { Countdown } from '../hub/countdown.tsx'
import { TransportTag } from '../hub/transport-tag.tsx'
import { describeNotice, isLoss } from './notice.ts'
import { channel, subscription } from './page-model.ts'

/** The state in a word, and below it what there is to say about it. */
export function ConnectionStatus() {
  const state = subscription.state.value
  return (
    <div class="state" data-phase={state.phase}>
      {/* Read out when it changes; the countdown is not, it would speak every second. */}
      <div role="status" aria-label="Connection state">
        <p class="phase">
          <span class="lamp" aria-hidden="true" />
          <span data-testid="phase">{describePhase(state)}</span>
          {state.phase === 'waiting' && <Countdown reconnectAtMs={state.reconnectAtMs} />}
          {state.phase === 'open' && <TransportTag transport={state.transport} />}
        </p>
        <Details />
      </div>
      {state.phase === 'waiting' && (
        <button type="button" class="quiet" onClick={() => subscription.reconnectNow()}>
          Reconnect now
        </button>
      )}
    </div>
  )
}

function Details() {
  const state = subscription.state.value
  switch (state.phase) {
    case 'open': {
      const notices = subscription.notices.value
      const isLive = subscription.live.value
      if (!isLive || notices.length === 0) {
        return <p class="detail">{isLive ? `Subscribed to ${channel.value}.` : `Waiting for ${channel.value}.`}</p>
      }
      return (
        <p class={notices.some(isLoss) ? 'detail loss' : 'detail'} data-testid="recovery">
          {notices.map(describeNotice).join(' ')}
        </p>
      )
    }
    case 'waiting':
      return <p class="detail trouble">{state.trouble}</p>
    case 'connecting':
      return <p class="detail">To {channel.value}.</p>
    case 'closed':
      if (state.trouble !== undefined) return <p class="detail trouble">{state.trouble}</p>
      return <p class="detail">Not connected.</p>
  }
}
