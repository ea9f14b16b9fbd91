import type { ComponentChildren } from 'preact'
import flagUrl from '../../shared/src/flag.svg'
import type { StreamState } from './program-stream.ts'

const WORDS = { connecting: 'Connecting', open: 'Live', waiting: 'Reconnecting', ended: 'Ended' } as const

/** The head of a page: what runs, how it stands, and what can be done. */
export function Masthead(props: { title: string; state: StreamState; paused: boolean; children: ComponentChildren }) {
  const { title, state, paused, children } = props
  const phase = paused && state.phase === 'open' ? 'paused' : state.phase
  return (
    <header class="masthead">
      <img src={flagUrl} alt="" width="26" height="26" />
      <h1 title={title}>{title}</h1>
      <p class="state" data-phase={phase} role="status">
        <span class="lamp" />
        {phase === 'paused' ? 'Paused' : WORDS[state.phase]}
      </p>
      <div class="tools">{children}</div>
    </header>
  )
}
