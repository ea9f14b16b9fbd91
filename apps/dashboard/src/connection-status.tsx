import { useEffect, useState } from 'preact/hooks'
import { describeCountdown, describePhase } from './describe-phase.ts'
import { describeTrouble } from './describe-trouble.ts'
import { channel, subscription } from './page-model.ts'
import { describeNotice, isLoss } from './recovery.ts'

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

function Countdown({ reconnectAtMs }: { readonly reconnectAtMs: number }) {
  const [nowMs, setNowMs] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 200)
    return () => clearInterval(timer)
  }, [])
  return (
    <span class="countdown" aria-hidden="true" data-testid="countdown">
      {` ${describeCountdown(reconnectAtMs, nowMs)}`}
    </span>
  )
}

function Details() {
  const state = subscription.state.value
  switch (state.phase) {
    case 'open': {
      const notices = subscription.notices.value
      if (notices.length === 0) {
        const isLive = subscription.live.value
        return <p class="detail">{isLive ? `Subscribed to ${channel.value}.` : `Waiting for ${channel.value}.`}</p>
      }
      return (
        <p class={notices.some(isLoss) ? 'detail loss' : 'detail'} data-testid="recovery">
          {notices.map(describeNotice).join(' ')}
        </p>
      )
    }
    case 'waiting':
      return <p class="detail trouble">{describeTrouble(state.trouble)}</p>
    case 'connecting':
    case 'closed':
      if (state.trouble !== undefined) return <p class="detail trouble">{describeTrouble(state.trouble)}</p>
      return <p class="detail">{state.phase === 'closed' ? 'Not connected.' : `To ${channel.value}.`}</p>
    case 'closing':
      return <p class="detail">Saying goodbye to the server.</p>
  }
}
