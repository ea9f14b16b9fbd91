import { listen } from './event-stream.js'
import { longPoll } from './long-poll.js'
import { pollByInterval } from './poll-by-interval.js'
import { pollByTimeout } from './poll-by-timeout.js'

const SHOWN = 24

/** One way to ask: what came, how often that was out of order, and what never came. */
class Panel {
  #panel
  #highest
  #requests
  #late = 0
  #missed = 0

  constructor(panel) {
    this.#panel = panel
    this.#requests = Number(panel.querySelector('[data-count=requests]').textContent)
    const code = panel.querySelector('code')
    void fetch(panel.dataset.program)
      .then((answer) => answer.text())
      .then((text) => {
        code.textContent = text
      })
  }

  /** Asks over the line that is chosen: on a slow one each answer takes another time to come. */
  get = async (url) => {
    this.#requests++
    this.#tell()
    const answer = await fetch(url)
    const slowestMs = Number(document.querySelector('input[name=line]:checked').value)
    await new Promise((resolve) => setTimeout(resolve, Math.random() * slowestMs))
    return answer
  }

  show = (count) => {
    const isLate = this.#highest !== undefined && count < this.#highest
    if (isLate) this.#late++
    else if (this.#highest !== undefined && count > this.#highest) this.#missed += count - this.#highest - 1
    // The same once more is neither.
    if (!isLate) this.#highest = count
    const tile = document.createElement('li')
    tile.textContent = count
    if (isLate) tile.className = 'late'
    const list = this.#panel.querySelector('ol')
    list.prepend(tile)
    while (list.children.length > SHOWN) list.lastChild.remove()
    this.#panel.querySelector('output').textContent = count
    this.#tell()
  }

  #tell() {
    const { dataset } = this.#panel
    const counts = { requests: this.#requests, late: this.#late, missed: this.#missed }
    for (const [name, count] of Object.entries(counts)) {
      dataset[name] = count
      this.#panel.querySelector(`[data-count=${name}]`).textContent = count
    }
  }
}

const panelOf = (id) => new Panel(document.getElementById(id))

const interval = panelOf('interval')
pollByInterval(interval.get, interval.show)
const timeout = panelOf('timeout')
void pollByTimeout(timeout.get, timeout.show)
const long = panelOf('long')
void longPoll(long.get, long.show)
listen(panelOf('stream').show)
