import { spawnSync } from 'node:child_process'
import { connectWebSocket } from '@wigwag/socket'
import { ChildProgram, freePort, runWigwag } from '@wigwag/testkit'
import type { Comparison, Contestant } from './comparison.ts'
import { cpuSeconds } from './process-figures.ts'
import { untilListening } from './until-listening.ts'

/** A line of 80 bytes; the terminal makes it 81. */
const LINE = 'x'.repeat(79)
const MIB = 1024 * 1024

/** A server of terminals, and how its client counts output. */
interface TermSubject {
  readonly name: string
  readonly isThere: boolean
  start(command: readonly string[]): Promise<{ readonly program: ChildProgram; readonly port: number }>
  readonly path: string
  /** What a client says first. */
  readonly hello: string | Uint8Array
  /** Bytes of output in a message. */
  count(message: string | Uint8Array): number
}

/** Subprotocol `tty`, of ttyd and ours. */
const TTY = {
  path: '/ws',
  hello: Buffer.from('{"AuthToken":"","columns":80,"rows":24}'),
  count: (message: string | Uint8Array): number => (message[0] === 0x30 ? message.length - 1 : 0),
} as const

/** A server in Python that Jupyter has its terminals from. */
const TERMINADO = `
import sys, tornado.web, tornado.ioloop, terminado
terminals = terminado.UniqueTermManager(shell_command=sys.argv[2:])
routes = [(r"/websocket", terminado.TermSocket, {"term_manager": terminals})]
tornado.web.Application(routes).listen(int(sys.argv[1]), "127.0.0.1")
tornado.ioloop.IOLoop.current().start()
`

const SUBJECTS: readonly TermSubject[] = [
  {
    ...TTY,
    name: 'wigwag term',
    isThere: true,
    start: async (command) => {
      const program = runWigwag(['term', '--port', '0', '--log-level', 'silent', '--', ...command])
      const [, port] = await program.waitFor(/ at http:\/\/[^:]+:(\d+)/)
      return { program, port: Number(port) }
    },
  },
  {
    ...TTY,
    name: 'ttyd',
    isThere: spawnSync('ttyd', ['--version']).error === undefined,
    start: async (command) => {
      const port = await freePort()
      const program = new ChildProgram('ttyd', ['-p', String(port), '-i', '127.0.0.1', ...command])
      await untilListening(port)
      return { program, port }
    },
  },
  {
    name: 'terminado',
    isThere: spawnSync('/usr/bin/python3', ['-c', 'import terminado']).status === 0,
    path: '/websocket',
    hello: '["set_size", 24, 80]',
    count: (message) => {
      const [kind, text] = JSON.parse(String(message)) as [string, string]
      return kind === 'stdout' ? text.length : 0
    },
    start: async (command) => {
      const port = await freePort()
      const program = new ChildProgram('/usr/bin/python3', ['-c', TERMINADO, String(port), ...command])
      await untilListening(port)
      return { program, port }
    },
  },
]

/** Output of a program on a terminal. */
export function termComparison(mebibytes: number): Comparison {
  const contestants = SUBJECTS.map((subject) => ({
    name: subject.name,
    isThere: subject.isThere,
    measure: () => measure(subject, mebibytes),
  }))
  const [ours, ...others] = contestants as [Contestant, ...Contestant[]]
  return { what: 'term, output', unit: 'MiB', scale: 1, ours, others }
}

async function measure({ start, path, hello, count }: TermSubject, mebibytes: number): Promise<number> {
  const lines = Math.floor((mebibytes * MIB) / 81)
  const total = lines * 81
  const { program, port } = await start(['sh', '-c', `yes ${LINE} | head -n ${lines}; sleep 1000`])
  const before = cpuSeconds(program.pid)
  let received = 0
  await new Promise<void>((resolve, reject) => {
    const connecting = connectWebSocket(`ws://127.0.0.1:${port}${path}`, {
      ...(path === TTY.path && { subprotocols: ['tty'] }),
      maxMessageBytes: 16 * MIB,
      open: (socket) => void socket.send(hello),
      message: (socket, data) => {
        received += count(data)
        if (received < total) return
        resolve()
        socket.terminate()
      },
      close: () => reject(new Error(`${received} of ${total} bytes came.`)),
    })
    connecting.catch(reject)
  })
  const perSecond = total / MIB / (cpuSeconds(program.pid) - before)
  await program[Symbol.asyncDispose]()
  return perSecond
}
