import { closeReason } from '../reason/close-reason.ts'
import type { Switchboard } from '../share/switchboard.ts'
import { type BoardMessage, SHARE_VERSION, type TabMessage } from '../share/tab-port.ts'
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
  return new BroadcastChannel(`wigwag ${SHARE_VERSION} ${name}`)
}

/** That between one tab and who leads. */
export function deskOf(name: string, tab: string): BroadcastChannel {
  return new BroadcastChannel(`wigwag ${SHARE_VERSION} ${name} ${tab}`)
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
  readonly #host: LeadershipHost
  /** Who in this page needs a leader; called when there can be none. */
  readonly #users = new Set<() => void>()
  #leading: { readonly board: Switchboard; readonly letGo: () => void } | undefined
  #waiting: AbortController | undefined
  #cancel = (): void => {}

  private constructor(name: string, host: LeadershipHost) {
    this.#name = name
    this.#host = host
  }

  /** Somebody in this page needs a leader. */
  static enter(name: string, host: LeadershipHost, failed: () => void): Leadership {
    const leadership = byName.get(name) ?? new Leadership(name, host)
    byName.set(name, leadership)
    leadership.#users.add(failed)
    if (leadership.#waiting === undefined) leadership.#wait({})
    return leadership
  }

  /** And does not any more. */
  leave(failed: () => void): void {
    this.#users.delete(failed)
    this.#settle()
  }

  /** Whether it is this page that leads. */
  get isLeading(): boolean {
    return this.#leading !== undefined
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
      ?.request(`wigwag ${SHARE_VERSION} ${this.#name}`, how, () => {
        if (waiting.signal.aborted) return undefined
        globalThis.addEventListener('pagehide', leaving)
        return new Promise<void>((letGo) => this.#lead(letGo))
      })
      // Stolen or given up; or this page may have none.
      .catch((error: unknown) => this.#denied(error))
      .finally(() => {
        globalThis.removeEventListener('pagehide', leaving)
        if (this.#waiting !== waiting) return
        this.#waiting = undefined
        this.#resign()
        if (this.#users.size > 0) this.#wait({})
        else byName.delete(this.#name)
      })
  }

  /** Where this page may have no locks, it is not asked for one again and again. */
  #denied(error: unknown): void {
    if ((error as DOMException).name === 'AbortError') return
    const denied = [...this.#users]
    this.#users.clear()
    for (const failed of denied) failed()
  }

  #lead(letGo: () => void): void {
    const board = this.#host.createBoard()
    // Another one each time: who has heard of the last does not take this for the same.
    const leader = this.#host.createId()
    const hall = hallOf(this.#name)
    const desks = new Map<string, Desk>()
    hall.onmessage = ({ data }: MessageEvent<HallMessage>) => {
      if (data.type === 'hello' && this.#leading?.board === board) this.#welcome(board, leader, desks, data.tab)
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
    const leads: HallMessage = { type: 'leads', leader }
    hall.postMessage(leads)
  }

  #welcome(board: Switchboard, leader: string, desks: Map<string, Desk>, tab: string): void {
    const desk = desks.get(tab) ?? this.#open(board, tab, () => desks.delete(tab))
    desks.set(tab, desk)
    desk.tell({ type: 'ready', leader })
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
    if (this.#users.size > 0) return
    // A page that waits for a lock cannot be put away.
    if (this.#leading === undefined) this.#waiting?.abort()
    else {
      this.#cancel = this.#host.after(LINGER_MS, () => {
        if (this.#users.size === 0 && this.#leading?.board.tabs === 0) this.#resign()
      })
    }
  }
}
