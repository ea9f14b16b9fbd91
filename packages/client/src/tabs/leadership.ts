import { closeReason } from '../reason/close-reason.ts'
import type { Switchboard } from '../share/switchboard.ts'
import type { BoardMessage, TabMessage } from '../share/tab-port.ts'
import { browserLocks, whenLetGo } from './tab-lock.ts'

/** What is said where all tabs of a name hear it. */
export type HallMessage =
  /** A tab is looking for who leads. */
  | { readonly type: 'hello'; readonly tab: string }
  /** A tab leads from now on. */
  | { readonly type: 'leads'; readonly leader: string }

/** What is said to one tab, beside what switchboards say. */
export type LeaderMessage =
  | BoardMessage
  | { readonly type: 'ready'; readonly leader: string }
  /** The answer to a tab that asks whether somebody is there. */
  | { readonly type: 'here' }

/** What one tab says. */
export type FollowerMessage = TabMessage | { readonly type: 'there?' }

/** The channel that all tabs of a name hear. */
export function hallOf(name: string): BroadcastChannel {
  return new BroadcastChannel(`wigwag ${name}`)
}

/** That between one tab and who leads. */
export function deskOf(name: string, tab: string): BroadcastChannel {
  return new BroadcastChannel(`wigwag ${name} ${tab}`)
}

/** The lock that a tab holds as long as it is there. */
export function tabLockOf(tab: string): string {
  return `wigwag tab ${tab}`
}

/** How long a switchboard that nobody needs is kept, in milliseconds: it knows which transport works. Longer than clients wait. */
const LINGER_MS = 600_000

/** What a leader has of one tab. */
interface Desk {
  tell(message: LeaderMessage): void
  close(): void
}

const byName = new Map<string, Leadership>()

/** What a leadership is lent. */
export interface LeadershipHost {
  createBoard(): Switchboard
  readonly after: (delayMs: number, run: () => void) => () => void
  readonly createId: () => string
}

/**
 * This page among those of a name: it waits until it is its turn to lead, and has the switchboard then. One for each name, as long as
 * something in the page needs it, or other tabs need what it has.
 */
export class Leadership {
  readonly #name: string
  readonly #id: string
  readonly #host: LeadershipHost
  /** How many in this page need a leader (count). */
  #users = 0
  #leading: { readonly board: Switchboard; readonly letGo: () => void } | undefined
  #waiting: AbortController | undefined

  #cancel = (): void => {}

  private constructor(name: string, host: LeadershipHost) {
    this.#name = name
    this.#id = host.createId()
    this.#host = host
  }

  /** Somebody in this page needs a leader. */
  static enter(name: string, host: LeadershipHost): Leadership {
    const leadership = byName.get(name) ?? new Leadership(name, host)
    byName.set(name, leadership)
    leadership.#users++
    if (leadership.#waiting === undefined) leadership.#wait({})
    return leadership
  }

  /** And does not any more. */
  leave(): void {
    this.#users--
    this.#settle()
  }

  /** Who leads is not there: this page does, from now on. */
  steal(): void {
    if (this.#leading !== undefined) return
    this.#waiting?.abort()
    this.#wait({ steal: true })
  }

  #wait(options: LockOptions): void {
    const waiting = new AbortController()
    this.#waiting = waiting
    const leaving = (): void => this.#resign()
    // One that is stolen cannot be waited for, or given up.
    const how = options.steal ? options : { signal: waiting.signal }
    browserLocks()
      ?.request(`wigwag ${this.#name}`, how, () => {
        if (waiting.signal.aborted) return undefined
        globalThis.addEventListener('pagehide', leaving)
        return new Promise<void>((letGo) => this.#lead(letGo))
      })
      // Stolen, given up, or the page is on its way out.
      .catch(() => {})
      .finally(() => {
        globalThis.removeEventListener('pagehide', leaving)
        if (this.#waiting !== waiting) return
        this.#waiting = undefined
        this.#resign()
        if (this.#users > 0) this.#wait({})
        else byName.delete(this.#name)
      })
  }

  #lead(letGo: () => void): void {
    const board = this.#host.createBoard()
    const hall = hallOf(this.#name)
    const desks = new Map<string, Desk>()
    hall.onmessage = ({ data }: MessageEvent<HallMessage>) => {
      if (data.type === 'hello' && this.#leading?.board === board) this.#welcome(board, desks, data.tab)
    }
    this.#leading = {
      board,
      letGo: () => {
        hall.close()
        board.close(closeReason('lost', { text: 'the tab that held the connection is gone', delayMs: 0 }))
        for (const desk of desks.values()) desk.close()
        letGo()
      },
    }
    const leads: HallMessage = { type: 'leads', leader: this.#id }
    hall.postMessage(leads)
  }

  #welcome(board: Switchboard, desks: Map<string, Desk>, tab: string): void {
    const desk = desks.get(tab) ?? this.#open(board, tab, () => desks.delete(tab))
    desks.set(tab, desk)
    desk.tell({ type: 'ready', leader: this.#id })
  }

  #open(board: Switchboard, tab: string, closed: () => void): Desk {
    const channel = deskOf(this.#name, tab)
    let isOpen = true
    const tell = (message: LeaderMessage): void => {
      if (isOpen) channel.postMessage(message)
    }
    const end = board.attach(tell)
    channel.onmessage = ({ data }: MessageEvent<FollowerMessage>) => {
      if (data.type === 'there?') tell({ type: 'here' })
      else end.receive(data)
    }
    const close = (): void => {
      isOpen = false
      stopWatching()
      channel.close()
    }
    const stopWatching = whenLetGo(tabLockOf(tab), () => {
      end.gone()
      close()
      closed()
      this.#settle()
    })
    return { tell, close }
  }

  #resign(): void {
    const leading = this.#leading
    this.#leading = undefined
    leading?.letGo()
  }

  /** Perhaps nobody needs it any more, in this page or elsewhere. */
  #settle(): void {
    this.#cancel()
    if (this.#users > 0) return
    this.#cancel = this.#host.after(LINGER_MS, () => {
      if (this.#users > 0) return
      if (this.#leading === undefined) this.#waiting?.abort()
      else if (this.#leading.board.tabs === 0) this.#resign()
    })
  }
}
