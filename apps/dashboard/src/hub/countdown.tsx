import { useEffect, useState } from 'preact/hooks'
import { describeCountdown } from './connection-view.ts'

/** How long it still waits, for the eyes alone: it would speak every second. */
export function Countdown({ reconnectAtMs }: { readonly reconnectAtMs: number }) {
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
