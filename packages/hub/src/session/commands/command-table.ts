import type { Command, Method } from '@wigwag/protocol'
import { HubError } from '../../error/hub-error.ts'
import type { CommandReply } from '../command-reply.ts'
import { answerOf } from '../refusal-answers.ts'
import type { Session } from '../session.ts'
import type { SessionContext } from '../session-context.ts'
import type { CommandHandler } from './command-handler.ts'
import { connect } from './connect.ts'
import { history } from './history.ts'
import { ping } from './ping.ts'
import { presence } from './presence.ts'
import { presenceStats } from './presence-stats.ts'
import { publish } from './publish.ts'
import { refresh } from './refresh.ts'
import { rpc } from './rpc.ts'
import { send } from './send.ts'
import { subRefresh } from './sub-refresh.ts'
import { subscribe } from './subscribe.ts'
import { unsubscribe } from './unsubscribe.ts'

const HANDLERS: { readonly [M in Method]: CommandHandler<M> } = {
  connect,
  subscribe,
  unsubscribe,
  publish,
  presence,
  presence_stats: presenceStats,
  history,
  ping,
  send,
  rpc,
  refresh,
  sub_refresh: subRefresh,
}

/** Carries out a command. Whatever goes wrong, it gets an answer. */
export function runCommand(
  session: Session,
  context: SessionContext,
  { method, request }: Command,
  reply: CommandReply<Method>,
): void {
  const failed = (error: unknown): void => {
    // What the hub says of itself is no fault of the application's.
    if (!(error instanceof HubError) || error.code === 'ERR_RPC_OUTPUT')
      context.ports.report(`Command ${method}`, error)
    reply.refuse(answerOf(error))
    if (method === 'connect') session.refused()
  }
  try {
    const handle = HANDLERS[method] as CommandHandler<Method>
    handle(session, context, request, reply)?.catch(failed)
  } catch (error) {
    failed(error)
  }
}
