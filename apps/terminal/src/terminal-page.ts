import { describeClose } from './describe-close.ts'
import { KeyBar } from './key-bar.ts'
import { OutputFlow } from './output-flow.ts'
import { type PageManners, readManners } from './page-manners.ts'
import { endpointUrls, readFragment, viewerLink } from './session-link.ts'
import { type SessionState, TerminalConnection } from './terminal-connection.ts'
import type { TerminalView } from './terminal-view.ts'

/** What of the document it speaks through. */
export interface PageElements {
  readonly status: HTMLElement
  readonly viewers: HTMLElement
  readonly take: HTMLButtonElement
  readonly share: HTMLButtonElement
  readonly over: HTMLElement
  readonly why: HTMLElement
  readonly again: HTMLButtonElement
  readonly keys: HTMLElement
}

/** How long it waits before it tries again: twice as long each time, from and up to these, in milliseconds. */
const FIRST_WAIT_MS = 500
const MAX_WAIT_MS = 10_000

/** The page: a terminal, the session that it shows, and what becomes of both when the connection goes. */
export class TerminalPage {
  readonly #view: TerminalView
  readonly #elements: PageElements
  readonly #keys: KeyBar
  readonly #flow = new OutputFlow({
    pause: () => this.#connection?.pause(),
    resume: () => this.#connection?.resume(),
  })
  #connection: TerminalConnection | undefined
  #session: string
  #state: SessionState | undefined
  #offset: number | undefined
  #waitMs = FIRST_WAIT_MS
  #timer: ReturnType<typeof setTimeout> | undefined
  #manners: PageManners = readManners({})

  constructor(view: TerminalView, elements: PageElements) {
    this.#view = view
    this.#elements = elements
    this.#session = readFragment(location.hash).session
    this.#keys = new KeyBar(elements.keys, (text) => this.#type(text))
    view.setWritable(false)
    view.onInput(
      (text) => this.#type(this.#keys.apply(text)),
      (binary) => this.#connection?.typeBytes(binary),
    )
    view.onTitle((title) => this.#call(title))
    view.onResize(() => this.#fit())
    elements.take.addEventListener('click', () => {
      this.#connection?.take()
      view.focus()
    })
    elements.share.addEventListener('click', () => void this.#share())
    elements.again.addEventListener('click', () => this.#startAgain())
    addEventListener('online', () => this.#comeBackNow())
    document.addEventListener('visibilitychange', () => this.#comeBackNow())
    addEventListener('beforeunload', (event) => {
      const isLost = this.#state?.role === 'writer' && this.#state.keepMs === 0
      if (isLost && this.#manners.asksBeforeLeaving && this.#connection !== undefined) event.preventDefault()
    })
  }

  async connect(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#say('connecting', 'Connecting …')
    this.#elements.over.hidden = true
    const urls = endpointUrls(location.href)
    const authToken = await fetchToken(urls.token)
    this.#fit()
    this.#flow.reconnected()
    const { columns, rows } = this.#view
    this.#connection = new TerminalConnection(
      { url: urls.socket, authToken, session: this.#session, offset: this.#offset, columns, rows },
      {
        output: (bytes) => {
          this.#flow.came(bytes.length)
          this.#view.write(bytes, () => this.#flow.drawn(bytes.length))
        },
        title: (title) => this.#call(title),
        preferences: (preferences) => this.#prefer(preferences),
        state: (state) => this.#stands(state),
        closed: (code, reason) => this.#closed(code, reason),
      },
    )
  }

  #type(text: string): void {
    if (this.#state?.role === 'writer') this.#connection?.type(text)
    this.#view.focus()
  }

  #prefer(preferences: Readonly<Record<string, unknown>>): void {
    this.#manners = readManners(preferences)
    this.#call(document.title)
    this.#view.applyPreferences(preferences)
    this.#fit()
  }

  #stands(state: SessionState): void {
    const isWriter = state.role === 'writer'
    this.#state = state
    this.#waitMs = FIRST_WAIT_MS
    if (state.offset !== undefined) this.#flow.startAt(state.offset)
    const key = state.writerKey ?? state.viewerKey
    // A session that does not stay cannot be come back to. Whoever came by a link keeps it.
    if (state.keepMs > 0 || this.#session !== '') {
      this.#session = key
      history.replaceState(null, '', `#session=${key}`)
    }
    this.#view.setWritable(isWriter)
    this.#elements.take.hidden = isWriter || !state.mayWrite
    this.#elements.share.hidden = false
    this.#elements.viewers.textContent = state.viewers > 1 ? `${state.viewers} are here` : ''
    this.#keys.show(isWriter && matchMedia('(pointer: coarse)').matches)
    this.#say('open', isWriter ? 'You write' : 'You read')
    if (isWriter) this.#view.focus()
    this.#fit()
  }

  /** Whose size it is: our own while we write or are alone, otherwise that of whoever writes. */
  #fit(): void {
    const state = this.#state
    if (state !== undefined && state.role === 'viewer' && state.viewers > 1) {
      this.#view.resize(state.size.columns, state.size.rows)
    } else if (this.#view.fit() || state?.size.columns !== this.#view.columns || state.size.rows !== this.#view.rows) {
      this.#connection?.resize(this.#view.columns, this.#view.rows)
    }
  }

  #closed(code: number, reason: string): void {
    this.#connection = undefined
    this.#offset = this.#session === '' ? undefined : this.#flow.offset
    const { text, comesBack } = describeClose(code, reason)
    const { reconnects, closesWithProgram } = this.#manners
    this.#view.setWritable(false)
    if (comesBack && reconnects) {
      this.#say('away', `${text} Trying again …`)
      // A crowd that lost the same server does not come back at once.
      const waitMs = this.#waitMs * (0.5 + Math.random())
      this.#waitMs = Math.min(2 * this.#waitMs, MAX_WAIT_MS)
      this.#timer = setTimeout(() => void this.connect(), waitMs)
    } else {
      this.#say('over', 'Ended')
      this.#elements.viewers.textContent = ''
      this.#elements.share.hidden = true
      this.#elements.take.hidden = true
      this.#elements.why.textContent = text
      this.#elements.over.hidden = false
      this.#keys.show(false)
      // A browser lets a page close only what a page has opened.
      if (closesWithProgram) window.close()
    }
  }

  #call(title: string): void {
    document.title = this.#manners.title ?? title
  }

  #comeBackNow(): void {
    if (this.#timer !== undefined && document.visibilityState === 'visible') void this.connect()
  }

  #startAgain(): void {
    this.#session = ''
    this.#offset = undefined
    this.#state = undefined
    history.replaceState(null, '', location.pathname + location.search)
    this.#view.reset()
    void this.connect()
  }

  async #share(): Promise<void> {
    const { share } = this.#elements
    const link = viewerLink(location.href, this.#state?.viewerKey ?? '')
    try {
      await navigator.clipboard.writeText(link)
      share.textContent = 'Copied'
      setTimeout(() => {
        share.textContent = 'Link to read'
      }, 2000)
    } catch {
      prompt('A link to read:', link)
    }
  }

  #say(phase: 'connecting' | 'open' | 'away' | 'over', text: string): void {
    this.#elements.status.dataset['phase'] = phase
    this.#elements.status.textContent = text
  }
}

/** A ticket, where one is needed; who may only read has none and needs none. */
async function fetchToken(url: string): Promise<string> {
  try {
    const response = await fetch(url, { cache: 'no-store' })
    if (!response.ok) return ''
    const { token } = (await response.json()) as { readonly token: string }
    return token
  } catch {
    return ''
  }
}
