// An echo in so many processes on one port. Arguments: how they share the port, and how many. When all of them listen, the
// port and their PIDs are told as a line of JSON.
import { fork } from 'node:child_process'
import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from '@wigwag/socket'
import { exitWithParent } from '../exit-with-parent.ts'

const [sharing = 'single', count = '1', port = '0'] = process.argv.slice(2)
const started: { readonly pid: number; readonly port: number }[] = []
const isWorker = cluster.isWorker || process.send !== undefined

async function serve(): Promise<void> {
  const server = new WebSocketServer({ message: (socket, data) => socket.send(data) })
  const options = { host: '127.0.0.1', port: Number(port), ...(sharing === 'reuse-port' ? { reusePort: true } : {}) }
  const address = await server.listen(options)
  const line = { pid: process.pid, port: address.port }
  if (isWorker) process.send?.(line)
  else tell(line)
}

function tell(line: (typeof started)[number]): void {
  started.push(line)
  if (started.length < Number(count)) return
  process.stdout.write(`${JSON.stringify({ port: line.port, pids: started.map(({ pid }) => pid) })}\n`)
}

/** Each on its own; the kernel shares connections out among all that listen. */
async function forkAll(): Promise<void> {
  let shared = '0'
  for (let i = 0; i < Number(count); i++) {
    const child = fork(fileURLToPath(import.meta.url), [sharing, count, shared])
    shared = await new Promise((resolve) => {
      child.once('message', (line: (typeof started)[number]) => {
        tell(line)
        resolve(String(line.port))
      })
    })
  }
}

if (isWorker) {
  await serve()
  process.once('disconnect', () => process.exit())
} else {
  exitWithParent()
  if (sharing === 'single') await serve()
  else if (sharing === 'reuse-port') await forkAll()
  else {
    cluster.schedulingPolicy = sharing === 'round-robin' ? cluster.SCHED_RR : cluster.SCHED_NONE
    cluster.on('message', (_worker, line: (typeof started)[number]) => tell(line))
    for (let i = 0; i < Number(count); i++) cluster.fork()
  }
}
