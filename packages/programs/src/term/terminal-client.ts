import type { NodeWebSocket } from '@wigwag/socket'
import type { TerminalSession } from './terminal-session.ts'
import type { TerminalViewer } from './terminal-viewer.ts'

/** What the upgrade of a client has settled. */
interface ClientInfo {
  readonly client: string
  /** The name that its `Authorization` has proved; nothing where none was shown. */
  readonly user: string | undefined
  /** What its URL adds to the arguments. */
  readonly args: readonly string[]
}

/** A client: silent so far, waiting for its program, looking at a session, or gone. */
type ClientState =
  | { readonly phase: 'silent'; readonly timer: NodeJS.Timeout }
  | { readonly phase: 'starting' }
  | { readonly phase: 'joined'; readonly session: TerminalSession; readonly viewer: TerminalViewer }
  | { readonly phase: 'gone' }

/** A client and its state. */
export interface TerminalClient extends ClientInfo {
  state: ClientState
}

/** Its socket. */
export type ClientSocket = NodeWebSocket<TerminalClient>
