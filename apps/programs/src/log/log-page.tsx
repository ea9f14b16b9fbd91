import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { Masthead } from '../masthead.tsx'
import { fetchPageInfo } from '../page-info.ts'
import { ProgramStream, type StreamState } from '../program-stream.ts'
import { withoutEscapes } from '../without-escapes.ts'
import { LineList } from './line-list.ts'

/** A program's lines as they come, with search. */
export function LogPage() {
  const title = useSignal('')
  const ofItsOwn = useSignal(false)
  const problem = useSignal('')
  const state = useSignal<StreamState>({ phase: 'connecting' })
  const paused = useSignal(false)
  const following = useSignal(true)
  const waiting = useSignal(0)
  const counts = useSignal({ shown: 0, all: 0 })
  const search = useSignal('')
  const listElement = useRef<HTMLOListElement>(null)
  const lines = useRef<LineList>(undefined)
  const stream = useRef<ProgramStream>(undefined)

  const show = (): void => {
    const list = lines.current
    const element = listElement.current
    if (list === undefined || element === null) return
    if (paused.value) waiting.value = list.waiting
    else {
      list.update()
      waiting.value = 0
      if (following.value) element.scrollTop = element.scrollHeight
    }
    counts.value = list.counts
  }

  useEffect(() => {
    if (listElement.current === null) return
    const list = new LineList(listElement.current)
    lines.current = list
    let frame = 0
    const showSoon = (): void => {
      frame ||= requestAnimationFrame(() => {
        frame = 0
        show()
      })
    }
    const add = (text: string, timeMs: number, isNotice: boolean): void => {
      list.add({ text: withoutEscapes(text), timeMs, isNotice })
      showSoon()
    }
    fetchPageInfo().then(
      (info) => {
        title.value = info.title
        ofItsOwn.value = info.mode === 'per-connection'
        document.title = info.title
        stream.current = new ProgramStream(info, {
          line: (text, timeMs) => add(text, timeMs, false),
          gap: () => add('Some lines were missed.', Date.now(), true),
          state: (next) => {
            state.value = next
            if (next.phase === 'ended') add(next.text, Date.now(), true)
          },
        })
        stream.current.connect()
      },
      (error: Error) => {
        problem.value = error.message
      },
    )
    return () => cancelAnimationFrame(frame)
  }, [])

  const scrolled = (): void => {
    const element = listElement.current
    if (element === null) return
    following.value = element.scrollHeight - element.scrollTop - element.clientHeight < 40
  }
  const follow = (): void => {
    following.value = true
    paused.value = false
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
      <Masthead title={title.value} state={state.value} paused={paused.value}>
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
          aria-pressed={paused.value}
          onClick={() => {
            paused.value = !paused.value
            show()
          }}
        >
          {paused.value ? `Go on${waiting.value > 0 ? ` (${waiting.value})` : ''}` : 'Pause'}
        </button>
        <button
          type="button"
          onClick={() => {
            lines.current?.clear()
            show()
          }}
        >
          Clear
        </button>
        {state.value.phase === 'ended' && ofItsOwn.value && (
          <button type="button" onClick={() => stream.current?.connect()}>
            Run again
          </button>
        )}
      </Masthead>
      <main class="log">
        {problem.value !== '' && <p class="empty problem">{problem.value}</p>}
        <ol class="lines" ref={listElement} onScroll={scrolled} />
        {!following.value && (
          <button type="button" class="follow" onClick={follow}>
            ↓ Follow
          </button>
        )}
      </main>
    </>
  )
}
