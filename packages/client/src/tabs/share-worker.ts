import { createId } from '../environment/create-id.ts'
import { hostEnvironment } from '../environment/host-environment.ts'
import { httpStream } from '../http/http-stream.ts'
import { longPoll } from '../http/long-poll.ts'
import { poll } from '../http/poll.ts'
import { sse } from '../http/sse.ts'
import { Switchboard } from '../share/switchboard.ts'
import type { TabMessage } from '../share/tab-port.ts'
import type { Transport } from '../transport/transport.ts'
import { webSocket } from '../transport/websocket.ts'
import { holdLock, whenLetGo } from './tab-lock.ts'
import type { PlainSettings, WorkerHello, WorkerMemo, WorkerReady } from './worker-messages.ts'

/** A switchboard, and the tabs that it has. */
interface Share {
  readonly board: Switchboard
  readonly ports: Set<MessagePort>
}

/** A shared worker: the switchboards of an origin's tabs, one for each hub and who somebody is. */
const shares = new Map<string, Share>()
const environment = hostEnvironment()
const lock = `wigwag worker ${createId()}`
/** A tab that asks for a lock which nobody holds yet takes this worker for gone. */
const isHeld = new Promise<void>((resolve) => holdLock(lock, resolve))

/** How long a switchboard without tabs is kept, in milliseconds: it knows which transport works. Longer than clients wait. */
const LINGER_MS = 600_000

const TRANSPORTS: Readonly<Record<string, (options: object) => Transport>> = {
  websocket: webSocket,
  'http-stream': httpStream,
  sse,
  'long-poll': longPoll,
  poll,
}

function createShare({ url: text, transports, worked, ...settings }: PlainSettings): Share {
  const ports = new Set<MessagePort>()
  const url = new URL(text)
  let known = worked
  const board = new Switchboard({
    ...settings,
    ...environment,
    url,
    transports: transports.flatMap(({ name, options }) => TRANSPORTS[name]?.(options) ?? []),
    memory: {
      recall: () => known,
      remember: (key, worksNow) => {
        known = worksNow
        const memo: WorkerMemo = { type: 'keep', key, text: worksNow }
        for (const port of ports) port.postMessage(memo)
      },
    },
  })
  return { board, ports }
}

function welcome(port: MessagePort, { name, lock: ofTab, settings }: WorkerHello): void {
  const share = shares.get(name) ?? createShare(settings)
  const { board, ports } = share
  shares.set(name, share)
  ports.add(port)
  const end = board.attach((message) => port.postMessage(message))
  port.onmessage = ({ data }: MessageEvent<TabMessage>) => end.receive(data)
  const gone = (): void => {
    end.gone()
    stopWatching()
    ports.delete(port)
    port.close()
    environment.after(LINGER_MS, () => {
      if (ports.size === 0 && shares.get(name) === share) shares.delete(name)
    })
  }
  const stopWatching = whenLetGo(ofTab, gone)
  // Not all browsers tell.
  port.addEventListener('close', gone)
  const ready: WorkerReady = { type: 'ready', lock }
  port.postMessage(ready)
}

addEventListener('connect', (event) => {
  const [port] = (event as MessageEvent).ports
  if (port === undefined) return
  port.onmessage = ({ data }: MessageEvent<WorkerHello>) => void isHeld.then(() => welcome(port, data))
})
