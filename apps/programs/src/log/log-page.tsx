import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { Masthead, PauseButton } from '../masthead.tsx'
import { type ProgramListener, useProgram } from '../use-program.ts'
import { withoutEscapes } from '../without-escapes.ts'
import { LineList } from './line-list.ts'

/** A program's lines as they come, with search. */
export function LogPage() {
  const following = useSignal(true)
  const waiting = useSignal(0)
  const counts = useSignal({ shown: 0, all: 0 })
  const search = useSignal('')
  const listElement = useRef<HTMLOListElement>(null)
  const lines = useRef<LineList>(undefined)

  const show = (): void => {
    const list = lines.current
    const element = listElement.current
    if (list === undefined || element === null) return
    if (program.isPaused.value) waiting.value = list.waiting
    else {
      list.update()
      waiting.value = 0
      if (following.value) element.scrollTop = element.scrollHeight
    }
    counts.value = list.counts
  }

  const begin = (showSoon: () => void): ProgramListener => {
    // The page is there.
    const list = new LineList(listElement.current as HTMLOListElement)
    lines.current = list
    const add = (text: string, timeMs: number, isNotice: boolean): void => {
      list.add({ text: withoutEscapes(text), timeMs, isNotice })
      showSoon()
    }
    return {
      line: (text, timeMs) => add(text, timeMs, false),
      gap: () => add('Some lines were missed.', Date.now(), true),
      ended: (text) => add(text, Date.now(), true),
    }
  }
  const program = useProgram(begin, show)

  useEffect(() => {
    // The keyboard of a phone comes up, or a window is made smaller: the newest line stays in sight.
    const watcher = new ResizeObserver(show)
    if (listElement.current !== null) watcher.observe(listElement.current)
    return () => watcher.disconnect()
  }, [])

  const scrolled = (): void => {
    const element = listElement.current
    if (element === null) return
    following.value = element.scrollHeight - element.scrollTop - element.clientHeight < 40
  }
  const follow = (): void => {
    following.value = !following.value
    if (following.value) program.isPaused.value = false
    show()
  }
  const searchFor = (text: string): void => {
    search.value = text
    lines.current?.search(text)
    show()
  }
  const { shown, all } = counts.value
  return (
    <>
      <Masthead program={program}>
        <input
          class="search"
          type="search"
          placeholder="Search"
          aria-label="Search"
          value={search.value}
          onInput={({ currentTarget }) => searchFor(currentTarget.value)}
        />
        <span class="count">{search.value === '' ? `${all} lines` : `${shown} of ${all}`}</span>
        <button
          type="button"
          aria-pressed={following.value}
          title="Stay at the newest line; scrolling up lets go"
          onClick={follow}
        >
          Follow
        </button>
        <PauseButton program={program} waiting={waiting.value} onChange={show} />
        <button
          type="button"
          onClick={() => {
            lines.current?.clear()
            show()
          }}
        >
          Clear
        </button>
      </Masthead>
      <main class="log">
        {program.problem !== '' && <p class="empty problem">{program.problem}</p>}
        <ol class="lines" ref={listElement} onScroll={scrolled} />
      </main>
    </>
  )
}
