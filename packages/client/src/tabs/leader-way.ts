import { closeReason } from '../reason/close-reason.ts'
import type { Switchboard } from '../share/switchboard.ts'
import {
  deskOf,
  type FollowerMessage,
  type HallMessage,
  hallOf,
  type LeaderMessage,
  Leadership,
  tabLockOf,
} from './leadership.ts'
import { browserLocks, holdLock } from './tab-lock.ts'
import type { Way, WayEnd } from './way.ts'
import type { WayHost } from './worker-way.ts'

/** How often it is looked whether who leads is there, in milliseconds. */
const LOOK_MS = 1500
/** Looks in a row at which nothing was heard (count). A timer that is late, because this page slept, is one of them at most. */
const MAX_MISSED = 3

/** To a switchboard in one of the tabs. Undefined where tabs cannot agree on one. */
export function leaderWay(createBoard: () => Switchboard, { after, createId }: WayHost): Way | undefined {
  if (globalThis.document === undefined || globalThis.BroadcastChannel === undefined || browserLocks() === undefined) {
    return undefined
  }
  return (name, sink): WayEnd => {
    const tab = createId()
    const hall = hallOf(name)
    const desk = deskOf(name, tab)
    const failed = (): void => {
      if (end()) sink.failed()
    }
    const leadership = Leadership.enter(name, { createBoard, after, createId }, failed)
    let leader: string | undefined
    let missed = 0
    let isOver = false
    let holdsLock = false
    const post = (message: FollowerMessage): void => desk.postMessage(message)
    const sayHello = (): void => {
      // Who leads waits for this lock: it must not be free when it hears of this tab.
      if (!holdsLock || isOver) return
      const hello: HallMessage = { type: 'hello', tab }
      hall.postMessage(hello)
    }
    const end = (): boolean => {
      if (isOver) return false
      isOver = true
      cancel()
      hall.close()
      desk.close()
      letGo()
      leadership.leave(failed)
      return true
    }
    const lost = (): void => {
      if (end()) sink.lost(closeReason('lost', { text: 'the tab that held the connection is gone', delayMs: 0 }))
    }
    const look = (): void => {
      if (leadership.isLeading) missed = 0
      else if (missed++ >= MAX_MISSED) {
        leadership.steal()
        missed = 0
        if (leader !== undefined) {
          lost()
          return
        }
      }
      if (leader === undefined) sayHello()
      else if (!leadership.isLeading) post({ type: 'there?' })
      cancel = after(LOOK_MS, look)
    }
    hall.onmessage = ({ data }: MessageEvent<HallMessage>) => {
      if (isOver || data.type !== 'leads') return
      if (leader === undefined) sayHello()
      else if (leader !== data.leader) lost()
    }
    desk.onmessage = ({ data }: MessageEvent<LeaderMessage>) => {
      if (isOver) return
      missed = 0
      if (data.type === 'ready') {
        // Another one has slept, and does not know yet that it leads no more: neither may be believed.
        if (leader !== undefined && leader !== data.leader) lost()
        if (leader !== undefined) return
        leader = data.leader
        sink.ready()
      } else if (data.type !== 'here') sink.receive(data)
    }
    let cancel = after(LOOK_MS, look)
    const letGo = holdLock(tabLockOf(tab), () => {
      holdsLock = true
      sayHello()
    })
    return { post, close: end }
  }
}
