import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { formatTick, formatTimeTick } from './format-value.ts'

/** One line of a plot. */
export interface PlotLine {
  readonly name: string
  readonly colour: string
  readonly values: readonly (number | null)[]
}

/** What a plot shows. */
export interface PlotProps {
  readonly times: readonly number[]
  readonly lines: readonly PlotLine[]
  /** The ends of the time axis, in seconds. */
  readonly range: readonly [number, number]
  readonly heightPx: number
  /** Told the place in `times` that is pointed at. */
  readonly onPoint: (place: number | undefined) => void
  readonly scheme: 'light' | 'dark'
}

/** How far ticks of time may be apart, in seconds: what divides minutes, hours and days. */
const MINUTE = 60
const HOUR = 60 * MINUTE
const TIME_STEPS = [1, 2, 5, 10, 15, 30]
  .flatMap((step) => [step, step * MINUTE])
  .concat([1, 2, 3, 6, 12, 24].map((step) => step * HOUR))
  .sort((a, b) => a - b)

/** All plots of a page point at the same time. */
const sync = uPlot.sync('page')

/** Lines over time. */
export function Plot(props: PlotProps) {
  const element = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const latest = useRef(props)
  latest.current = props
  const { times, lines, range, heightPx, scheme } = props
  const names = lines.map(({ name, colour }) => `${name}\n${colour}`).join('\n')

  useEffect(() => {
    const parent = element.current
    if (parent === null) return
    const made = new uPlot(optionsOf(latest, parent.clientWidth), dataOf(latest.current), parent)
    plot.current = made
    const watcher = new ResizeObserver(() =>
      made.setSize({ width: parent.clientWidth, height: latest.current.heightPx }),
    )
    watcher.observe(parent)
    return () => {
      watcher.disconnect()
      made.destroy()
    }
  }, [names, scheme, heightPx])

  useEffect(() => {
    plot.current?.setData(dataOf({ times, lines }), true)
  }, [times.length, times.at(-1), range[0], range[1], names])

  return <div ref={element} />
}

function dataOf({ times, lines }: Pick<PlotProps, 'times' | 'lines'>): uPlot.AlignedData {
  return [times as number[], ...lines.map(({ values }) => values as (number | null)[])]
}

function optionsOf(latest: { readonly current: PlotProps }, width: number): uPlot.Options {
  const { lines, heightPx } = latest.current
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string): string => style.getPropertyValue(name).trim()
  const remPx = Number.parseFloat(style.fontSize)
  const axis: uPlot.Axis = {
    stroke: colour('--soft'),
    font: `${Math.round(0.6875 * remPx)}px system-ui, sans-serif`,
    grid: { stroke: colour('--hair'), width: 1 },
    ticks: { show: false },
  }
  return {
    width,
    height: heightPx,
    legend: { show: false },
    padding: [0.5 * remPx, 1.5 * remPx, 0, 0],
    cursor: { sync: { key: sync.key, setSeries: false }, y: false, drag: { setScale: false, x: false, y: false } },
    scales: { x: { range: () => [...latest.current.range] as [number, number] }, y: { range: rangeOfValues } },
    axes: [
      {
        ...axis,
        size: 1.5 * remPx,
        space: 4 * remPx,
        incrs: TIME_STEPS,
        values: (_plot, seconds, _axis, _space, step) => seconds.map((time) => formatTimeTick(time, step)),
      },
      {
        ...axis,
        size: 3 * remPx,
        space: 1.75 * remPx,
        values: (_plot, values, _axis, _space, step) => values.map((value) => formatTick(value, step)),
      },
    ],
    series: [
      {},
      ...lines.map(({ name, colour: stroke }) => ({
        label: name,
        stroke,
        width: 1.75,
        spanGaps: true,
        points: { show: false },
      })),
    ],
    hooks: {
      setCursor: [({ cursor }) => latest.current.onPoint(cursor.idx ?? undefined)],
    },
  }
}

/** Room above and below, zero where it is near; and a line that stays at one value is in the middle, not at the edge. */
function rangeOfValues(_plot: uPlot, min: number | null, max: number | null): [number, number] {
  if (min === null || max === null) return [0, 1]
  if (min === max) return min === 0 ? [0, 1] : [Math.min(0, 2 * min), Math.max(0, 2 * max)]
  const margin = (max - min) * 0.08
  const low = min >= 0 && min < (max - min) * 1.5 ? 0 : min - margin
  return [low, max + margin]
}
