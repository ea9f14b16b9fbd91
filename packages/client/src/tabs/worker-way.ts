import { closeReason } from '../reason/close-reason.ts'
import type { BoardMessage } from '../share/tab-port.ts'
import type { TransportMemory } from '../transport/transport.ts'
import { holdLock, whenLetGo } from './tab-lock.ts'
import type { Way, WayEnd } from './way.ts'
import type { PlainSettings, WorkerHello, WorkerMemo, WorkerReady } from './worker-messages.ts'

/** What a way needs of its tab. */
export interface WayHost {
  readonly after: (delayMs: number, run: () => void) => () => void
  readonly createId: () => string
  readonly memory: TransportMemory | undefined
}

/** How long the worker may take to load, in milliseconds. */
const LOADING_MS = 7000

/** Whether its script cannot be had: it is not asked for again. */
let isMissing = false

/** To a switchboard in a shared worker. Undefined where there are none, or what is to run there cannot get there. */
export function workerWay(settings: PlainSettings | undefined, { after, createId, memory }: WayHost): Way | undefined {
  if (settings === undefined || isMissing || globalThis.SharedWorker === undefined) return undefined
  return (name, sink): WayEnd => {
    let isOver = false
    let stopWatching = (): void => {}
    const end = (tell: () => void): void => {
      if (isOver) return
      isOver = true
      cancel()
      stopWatching()
      // What was said before gets there.
      port.close()
      letGo()
      tell()
    }
    const worker = createWorker()
    const { port } = worker
    const cancel = after(LOADING_MS, () => end(sink.failed))
    worker.onerror = () => {
      isMissing = true
      end(sink.failed)
    }
    port.onmessage = ({ data }: MessageEvent<BoardMessage | WorkerMemo | WorkerReady>) => {
      if (isOver) return
      if (data.type === 'keep') memory?.remember(data.key, data.text)
      else if (data.type !== 'ready') sink.receive(data)
      else {
        cancel()
        worker.onerror = null
        stopWatching = whenLetGo(data.lock, () => {
          end(() => sink.lost(closeReason('lost', { text: 'the shared worker is gone' })))
        })
        sink.ready()
      }
    }
    const lock = `wigwag tab ${createId()}`
    const letGo = holdLock(lock, () => {
      const hello: WorkerHello = { type: 'hello', name, lock, settings }
      if (!isOver) port.postMessage(hello)
    })
    return { post: (message) => port.postMessage(message), close: () => end(() => {}) }
  }
}

/** Bundlers find the script by these very words, and all of them must be literals. */
function createWorker(): SharedWorker {
  return new SharedWorker(new URL('./share-worker.js', import.meta.url), { type: 'module', name: 'wigwag 1' })
}
