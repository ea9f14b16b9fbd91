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
import type { PlainSettings, WorkerHello, WorkerReady } from './worker-messages.ts'

/** A shared worker: the switchboards of an origin's tabs, one for each hub and who somebody is. */
const boards = new Map<string, Switchboard>()
const environment = hostEnvironment()
const lock = `wigwag worker ${createId()}`
holdLock(lock, () => {})

/** How long a switchboard without tabs is kept, in milliseconds: it knows which transport works. Longer than clients wait. */
const LINGER_MS = 600_000

const TRANSPORTS: Readonly<Record<string, (options: object) => Transport>> = {
  websocket: webSocket,
  'http-stream': httpStream,
  sse,
  'long-poll': longPoll,
  poll,
}

function createBoard({ url, transports, ...settings }: PlainSettings): Switchboard {
  return new Switchboard({
    ...settings,
    url: new URL(url),
    transports: transports.flatMap(({ name, options }) => TRANSPORTS[name]?.(options) ?? []),
    ...environment,
  })
}

function welcome(port: MessagePort, { name, lock: ofTab, settings }: WorkerHello): void {
  const board = boards.get(name) ?? createBoard(settings)
  boards.set(name, board)
  const end = board.attach((message) => port.postMessage(message))
  port.onmessage = ({ data }: MessageEvent<TabMessage>) => end.receive(data)
  const gone = (): void => {
    end.gone()
    stopWatching()
    port.close()
    environment.after(LINGER_MS, () => {
      if (board.tabs === 0 && boards.get(name) === board) boards.delete(name)
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
  if (port !== undefined) port.onmessage = ({ data }: MessageEvent<WorkerHello>) => welcome(port, data)
})
