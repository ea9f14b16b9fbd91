import { type Signal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { fetchPageInfo } from './page-info.ts'
import { ProgramStream, type StreamListener, type StreamState } from './program-stream.ts'

/** A program as a page shows it. */
export interface ShownProgram {
  readonly title: string
  readonly state: StreamState
  /** Why nothing is known of it. */
  readonly problem: string
  /** Whether what comes is not shown for now. */
  readonly isPaused: Signal<boolean>
  /** Whether there can be another run: programs of one's own that have ended. */
  readonly canRunAgain: boolean
  /** Runs it, or follows it, again. */
  connect(): void
}

/** What a page makes of what a program says. */
export interface ProgramListener extends Omit<StreamListener, 'state'> {
  ended?(text: string): void
}

/**
 * Follows the program of the page. `begin` makes what listens to it, once the page is there, and may call `showSoon`; then `show` is
 * called with the next frame, however often it was.
 */
export function useProgram(begin: (showSoon: () => void) => ProgramListener, show: () => void): ShownProgram {
  const title = useSignal('')
  const isOfItsOwn = useSignal(false)
  const problem = useSignal('')
  const state = useSignal<StreamState>({ phase: 'connecting' })
  const isPaused = useSignal(false)
  const stream = useRef<ProgramStream>(undefined)
  const latestShow = useRef(show)
  latestShow.current = show

  useEffect(() => {
    let frame = 0
    const listener = begin(() => {
      frame ||= requestAnimationFrame(() => {
        frame = 0
        latestShow.current()
      })
    })
    const changed = (next: StreamState): void => {
      state.value = next
      if (next.phase === 'ended') listener.ended?.(next.text)
    }
    fetchPageInfo().then(
      (info) => {
        title.value = info.title
        isOfItsOwn.value = info.mode === 'per-connection'
        document.title = info.title
        stream.current = new ProgramStream(info, { ...listener, state: changed })
        stream.current.connect()
      },
      (error: Error) => {
        problem.value = error.message
      },
    )
    return () => cancelAnimationFrame(frame)
  }, [])

  return {
    title: title.value,
    state: state.value,
    problem: problem.value,
    isPaused,
    canRunAgain: isOfItsOwn.value && state.value.phase === 'ended',
    connect: () => stream.current?.connect(),
  }
}
