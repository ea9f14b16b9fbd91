/** Most lines that are kept; above it the oldest go. */
const MAX_LINES = 5000

/** A line, or something to be said between lines. */
export interface LogLine {
  readonly text: string
  readonly timeMs: number
  readonly isNotice: boolean
}

/** The last lines of a program in a list of the page. They are put there by hand: there may be thousands a second. */
export class LineList {
  readonly #list: HTMLElement
  #kept: LogLine[] = []
  /** Those that have come since the list was last brought up to date. */
  #fresh: LogLine[] = []
  #search = ''

  constructor(list: HTMLElement) {
    this.#list = list
  }

  /** Takes one more; it is shown with the next `update`. */
  add(line: LogLine): void {
    this.#fresh.push(line)
    if (this.#fresh.length > 2 * MAX_LINES) this.#fresh = this.#fresh.slice(-MAX_LINES)
  }

  /** How many lines wait for `update`. */
  get waiting(): number {
    return Math.min(this.#fresh.length, MAX_LINES)
  }

  /** How many are shown, and how many are there. */
  get counts(): { readonly shown: number; readonly all: number } {
    return { shown: this.#list.childElementCount, all: this.#kept.length }
  }

  /** Shows what has come. */
  update(): void {
    const fresh = this.#fresh.slice(-MAX_LINES)
    this.#fresh = []
    this.#kept = [...this.#kept, ...fresh].slice(-MAX_LINES)
    this.#list.append(...this.#itemsOf(fresh))
    while (this.#list.childElementCount > MAX_LINES) this.#list.firstElementChild?.remove()
  }

  /** Shows only lines with this text, in any case. */
  search(text: string): void {
    this.#search = text.toLowerCase()
    this.#list.replaceChildren(...this.#itemsOf(this.#kept))
  }

  /** Forgets all. */
  clear(): void {
    this.#kept = []
    this.#fresh = []
    this.#list.replaceChildren()
  }

  #itemsOf(lines: readonly LogLine[]): HTMLElement[] {
    const search = this.#search
    return lines
      .filter(({ text }) => search === '' || text.toLowerCase().includes(search))
      .map((line) => this.#item(line))
  }

  #item({ text, timeMs, isNotice }: LogLine): HTMLElement {
    const item = document.createElement('li')
    const time = document.createElement('time')
    const date = new Date(timeMs)
    time.dateTime = date.toISOString()
    time.textContent = date.toLocaleTimeString([], { hour12: false })
    const content = document.createElement('span')
    if (isNotice) content.className = 'notice'
    content.append(...this.#marked(text))
    item.append(time, content)
    return item
  }

  #marked(text: string): (Node | string)[] {
    const search = this.#search
    if (search === '') return [text]
    const lower = text.toLowerCase()
    const parts: (Node | string)[] = []
    let from = 0
    // Lower case may be longer (İ): then places differ, and nothing is marked.
    for (let at = lower.indexOf(search); at >= 0 && lower.length === text.length; at = lower.indexOf(search, from)) {
      const mark = document.createElement('mark')
      mark.textContent = text.slice(at, at + search.length)
      parts.push(text.slice(from, at), mark)
      from = at + search.length
    }
    return [...parts, text.slice(from)]
  }
}
