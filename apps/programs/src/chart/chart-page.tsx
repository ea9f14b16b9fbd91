import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import 'uplot/dist/uPlot.min.css'
import { ColumnReader } from '../columns/column-reader.ts'
import { SeriesTable } from '../columns/series-table.ts'
import { Masthead, PauseButton } from '../masthead.tsx'
import { type ProgramListener, useProgram } from '../use-program.ts'
import { withoutEscapes } from '../without-escapes.ts'
import { colourOf, currentScheme } from './colours.ts'
import { formatValue, timeOf } from './format-value.ts'
import { layoutPanels, type PanelSpace } from './panel-layout.ts'
import { Plot, type PlotLine } from './plot.tsx'
import { indexFrom, startOf, TIME_WINDOWS } from './time-window.ts'

/** What is drawn: the table as it was when it was looked at. */
interface Picture {
  readonly times: readonly number[]
  readonly series: ReadonlyMap<string, readonly (number | null)[]>
  readonly nowSeconds: number
  readonly leftOut: number
}

const NOTHING: Picture = { times: [], series: new Map(), nowSeconds: Date.now() / 1000, leftOut: 0 }

/** A program's numbers over time. */
export function ChartPage() {
  const windowS = useSignal(300)
  const view = useSignal<'panels' | 'together'>('panels')
  const hidden = useSignal<ReadonlySet<string>>(new Set())
  const pointed = useSignal<number | undefined>(undefined)
  const picture = useSignal<Picture>(NOTHING)
  const scheme = useSignal(currentScheme())
  const table = useRef(new SeriesTable())
  const main = useRef<HTMLElement>(null)
  const panels = useRef<HTMLDivElement>(null)
  const space = useSignal<PanelSpace>({ widthPx: 0, heightPx: 0, remPx: 16, aroundPx: 0 })

  const draw = (): void => {
    if (program.isPaused.value) return
    const { times, series, leftOut } = table.current
    picture.value = { times: [...times], series: copyOf(series), nowSeconds: Date.now() / 1000, leftOut }
  }

  const begin = (showSoon: () => void): ProgramListener => {
    const reader = new ColumnReader()
    return {
      line: (text, timeMs) => {
        const row = reader.read(withoutEscapes(text))
        if (row === undefined) return
        table.current.add(row, timeMs)
        showSoon()
      },
      gap: () => {},
      header: (text) => void reader.read(withoutEscapes(text)),
    }
  }
  const program = useProgram(begin, draw)

  useEffect(() => {
    const darkness = matchMedia('(prefers-color-scheme: dark)')
    const changed = (): void => {
      scheme.value = currentScheme()
    }
    darkness.addEventListener('change', changed)
    return () => darkness.removeEventListener('change', changed)
  }, [])

  const measure = (): void => {
    const next = spaceFor(panels.current, main.current)
    const { widthPx, heightPx, remPx, aroundPx } = space.value
    const isSame = next.widthPx === widthPx && next.heightPx === heightPx && next.remPx === remPx
    // Browsers round what they lay out.
    if (!isSame || Math.abs(next.aroundPx - aroundPx) > 1) space.value = next
  }
  useEffect(() => {
    const watcher = new ResizeObserver(measure)
    if (main.current !== null) watcher.observe(main.current)
    return () => watcher.disconnect()
  }, [])
  // What stands above them may have become more lines.
  useEffect(measure)

  const { times, series, nowSeconds, leftOut } = picture.value
  const end = program.state.phase === 'ended' ? (times.at(-1) ?? nowSeconds) : Math.max(nowSeconds, times.at(-1) ?? 0)
  const start = startOf(times, end, windowS.value)
  const from = indexFrom(times, start)
  const shownTimes = times.slice(from)
  const all: PlotLine[] = [...series].map(([name, values], place) => ({
    name,
    colour: colourOf(place, scheme.value),
    values: values.slice(from),
  }))
  const lines = all.filter(({ name }) => !hidden.value.has(name))
  const common = {
    times: shownTimes,
    range: [start, end] as const,
    scheme: scheme.value,
    onPoint: (place: number | undefined) => {
      pointed.value = place
    },
  }
  const layout = layoutPanels(lines.length, space.value)
  const readingOf = (line: PlotLine): string =>
    formatValue(pointed.value === undefined ? lastOf(line.values) : nearestBefore(line.values, pointed.value))
  const toggle = (name: string, alone: boolean): void => {
    if (alone) {
      const others = all.map((line) => line.name).filter((other) => other !== name)
      hidden.value = new Set(others.every((other) => hidden.value.has(other)) ? [] : others)
      return
    }
    const next = new Set(hidden.value)
    if (!next.delete(name)) next.add(name)
    hidden.value = next
  }

  return (
    <>
      <Masthead program={program}>
        {pointed.value !== undefined && shownTimes[pointed.value] !== undefined && (
          <span class="count">at {timeOf(shownTimes[pointed.value] as number)}</span>
        )}
        <select
          aria-label="Time window"
          value={windowS.value}
          onChange={({ currentTarget }) => {
            windowS.value = Number(currentTarget.value)
            draw()
          }}
        >
          {TIME_WINDOWS.map(([seconds, label]) => (
            <option key={seconds} value={seconds}>
              {label}
            </option>
          ))}
        </select>
        <button
          type="button"
          aria-pressed={view.value === 'together'}
          onClick={() => {
            view.value = view.value === 'panels' ? 'together' : 'panels'
          }}
        >
          Together
        </button>
        <PauseButton program={program} onChange={draw} />
      </Masthead>
      <main class="chart" ref={main}>
        {program.problem !== '' && <p class="problem">{program.problem}</p>}
        {all.length === 0 && program.problem === '' && (
          <p class="empty">No numbers yet. Columns, CSV, JSON lines and name=value are drawn as they come.</p>
        )}
        {all.length > 1 && (
          <ul class="chips" aria-label="Columns">
            {all.map(({ name, colour }) => (
              <li key={name}>
                <button
                  type="button"
                  aria-pressed={!hidden.value.has(name)}
                  title="Show or hide; with Shift, this one alone"
                  onClick={(event) => toggle(name, event.shiftKey)}
                >
                  <span class="swatch" style={{ background: colour }} />
                  {name}
                </button>
              </li>
            ))}
          </ul>
        )}
        {leftOut > 0 && <p class="count">{leftOut} more columns are not drawn.</p>}
        {view.value === 'panels' ? (
          <div class="panels" ref={panels} style={{ gridTemplateColumns: `repeat(${layout.columns}, minmax(0, 1fr))` }}>
            {lines.map((line) => (
              <section class="panel" key={line.name} aria-label={line.name}>
                <h2>
                  <span class="name">{line.name}</span>
                  <span class="value">{readingOf(line)}</span>
                </h2>
                <Plot {...common} lines={[line]} heightPx={layout.plotHeightPx} />
              </section>
            ))}
          </div>
        ) : (
          lines.length > 0 && (
            <div class="together">
              <section class="panel">
                <Plot {...common} lines={lines} heightPx={Math.max(280, Math.round(innerHeight * 0.6))} />
                <ul class="readout">
                  {lines.map((line) => (
                    <li key={line.name}>
                      <span class="swatch" style={{ background: line.colour }} />
                      {line.name}
                      <b>{readingOf(line)}</b>
                    </li>
                  ))}
                </ul>
              </section>
            </div>
          )
        )}
      </main>
    </>
  )
}

/** What is left of the page for panels. */
function spaceFor(panels: HTMLElement | null, main: HTMLElement | null): PanelSpace {
  const remPx = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
  if (panels === null || main === null) return { widthPx: 0, heightPx: 0, remPx, aroundPx: 0 }
  const belowPx = Number.parseFloat(getComputedStyle(main).paddingBottom)
  const abovePx = panels.offsetTop - main.offsetTop
  const gapPx = Number.parseFloat(getComputedStyle(panels).rowGap)
  // Below the last there is no gap.
  const heightPx = main.clientHeight - abovePx - belowPx + gapPx
  return { widthPx: panels.clientWidth, heightPx, remPx, aroundPx: besidePlot(panels.firstElementChild) + gapPx }
}

/** How much higher a panel is than its plot, in pixels. */
function besidePlot(panel: Element | null): number {
  const plot = panel?.lastElementChild
  return panel && plot ? panel.getBoundingClientRect().height - plot.getBoundingClientRect().height : 0
}

function copyOf(
  series: ReadonlyMap<string, readonly (number | null)[]>,
): ReadonlyMap<string, readonly (number | null)[]> {
  return new Map([...series].map(([name, values]) => [name, [...values]]))
}

function lastOf(values: readonly (number | null)[]): number | null | undefined {
  return nearestBefore(values, values.length - 1)
}

/** The value at a place, or the last one before it. */
function nearestBefore(values: readonly (number | null)[], place: number): number | null | undefined {
  for (let i = Math.min(place, values.length - 1); i >= 0; i--) if (values[i] !== null) return values[i]
  return undefined
}
