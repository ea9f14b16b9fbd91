/** How panels share the room of a page. */
export interface PanelLayout {
  readonly columns: number
  /** Of each plot, in pixels. */
  readonly plotHeightPx: number
}

/** What there is room in, in pixels. */
export interface PanelSpace {
  readonly widthPx: number
  readonly heightPx: number
  /** The size of the page's letters. */
  readonly remPx: number
  /** What a panel takes beside its plot, with the gap below it. */
  readonly aroundPx: number
}

/** Below these nobody reads a plot; sizes of letters. */
const MIN_WIDTH_REM = 19
const MIN_PLOT_REM = 8.25
/** A plot higher than that part of its width shows steps where there are slopes. */
const MAX_HEIGHT_OF_WIDTH = 0.5

/** The number of columns that gives `count` panels the largest plots without scrolling; where they do not fit, the most there is room for. */
export function layoutPanels(count: number, { widthPx, heightPx, remPx, aroundPx }: PanelSpace): PanelLayout {
  const most = Math.max(1, Math.min(count, Math.floor(widthPx / (MIN_WIDTH_REM * remPx))))
  const minHeightPx = Math.round(MIN_PLOT_REM * remPx)
  let best: PanelLayout = { columns: most, plotHeightPx: minHeightPx }
  let bestArea = 0
  for (let columns = most; columns >= 1; columns--) {
    const panelWidthPx = widthPx / columns
    const freePx = heightPx / Math.ceil(count / columns) - aroundPx
    const plotHeightPx = Math.min(freePx, panelWidthPx * MAX_HEIGHT_OF_WIDTH)
    if (plotHeightPx < minHeightPx || plotHeightPx * panelWidthPx <= bestArea) continue
    bestArea = plotHeightPx * panelWidthPx
    best = { columns, plotHeightPx }
  }
  return { columns: best.columns, plotHeightPx: Math.floor(best.plotHeightPx) }
}
