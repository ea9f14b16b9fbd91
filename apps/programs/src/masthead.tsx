import type { ComponentChildren } from 'preact'
import flagUrl from '../../shared/src/flag.svg'
import type { ShownProgram } from './use-program.ts'

const WORDS = { connecting: 'Connecting', open: 'Live', waiting: 'Reconnecting', ended: 'Ended' } as const

/** The head of a page: what runs, how it stands, and what can be done. */
export function Masthead({ program, children }: { program: ShownProgram; children: ComponentChildren }) {
  const { title, state, isPaused, canRunAgain } = program
  const phase = isPaused.value && state.phase === 'open' ? 'paused' : state.phase
  return (
    <header class="masthead">
      <img src={flagUrl} alt="" width="26" height="26" />
      <h1 title={title}>{title}</h1>
      <p class="state" data-phase={phase} role="status">
        <span class="lamp" />
        {phase === 'paused' ? 'Paused' : WORDS[state.phase]}
      </p>
      <div class="tools">
        {children}
        {canRunAgain && (
          <button type="button" onClick={() => program.connect()}>
            Run again
          </button>
        )}
      </div>
    </header>
  )
}

/** Stops showing what comes, and goes on. `waiting`: how much has come meanwhile (count). */
export function PauseButton(props: { program: ShownProgram; waiting?: number; onChange: () => void }) {
  const { program, waiting = 0, onChange } = props
  const { isPaused } = program
  return (
    <button
      type="button"
      aria-pressed={isPaused.value}
      onClick={() => {
        isPaused.value = !isPaused.value
        onChange()
      }}
    >
      {isPaused.value ? `Go on${waiting > 0 ? ` (${waiting})` : ''}` : 'Pause'}
    </button>
  )
}
