import { createInterface } from 'node:readline'
import { type Report, Session, type SessionSpec } from '../support/session.ts'

/** A line that a peer is given. */
export type PeerCommand = SessionSpec & { readonly id: number } & (
    | { readonly do: 'connect'; readonly url: string }
    | { readonly do: 'listen' }
  )

/** A line that a peer writes; `id` is that of the command. */
export type PeerEvent =
  | { readonly id: number; readonly event: 'listening'; readonly port: number }
  | { readonly id: number; readonly event: 'report'; readonly report: Report }
  | { readonly id: number; readonly event: 'failed'; readonly error: string }

/** What one program does when it is told to. */
export interface PeerProgram {
  /** Whether it tells of pings and pongs. */
  readonly tellsControls?: boolean
  connect(url: string, spec: SessionSpec, session: Session): void
  /** Nothing for those who are clients only. Resolves when connections are accepted on a free port of 127.0.0.1. */
  listen?(spec: SessionSpec, session: Session): Promise<{ readonly port: number; readonly end: () => void }>
}

/** Reads commands from stdin, a line of JSON each, until it ends; writes what becomes of them to stdout. */
export function runPeer(program: PeerProgram): void {
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => void obey(program, JSON.parse(line) as PeerCommand))
  lines.on('close', () => process.exit())
}

async function obey(program: PeerProgram, command: PeerCommand): Promise<void> {
  const { id } = command
  const session = new Session(command, program.tellsControls)
  try {
    if (command.do === 'connect') {
      program.connect(command.url, command, session)
      tell({ id, event: 'report', report: await session.report })
      return
    }
    if (program.listen === undefined) throw new Error('It is no server.')
    const { port, end } = await program.listen(command, session)
    tell({ id, event: 'listening', port })
    const report = await session.report
    end()
    tell({ id, event: 'report', report })
  } catch (error) {
    tell({ id, event: 'failed', error: String((error as Error).stack ?? error) })
  }
}

function tell(event: PeerEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}
