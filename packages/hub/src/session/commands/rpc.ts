import type { RpcRequest } from '@wigwag/protocol'
import { ErrorCode } from '@wigwag/protocol'
import { ApplicationRefusal } from '../../namespace/refuse.ts'
import type { CommandReply } from '../command-reply.ts'
import { errorAnswer, NOT_AVAILABLE } from '../refusal-answers.ts'
import type { Session } from '../session.ts'
import type { SessionContext } from '../session-context.ts'

/** Calls a function of the application. */
export async function rpc(
  session: Session,
  { rpc: methods }: SessionContext,
  { method, data }: RpcRequest,
  reply: CommandReply<'rpc'>,
): Promise<void> {
  if (methods === undefined) return reply.refuse(NOT_AVAILABLE)
  if (!methods.has(method)) return reply.refuse(NO_METHOD)
  const answer = await methods.call(method, data, session)
  if (answer instanceof ApplicationRefusal) reply.refuse(answer.answer)
  else reply.succeed(answer === undefined ? {} : { data: answer })
}

const NO_METHOD = errorAnswer(ErrorCode.methodNotFound, 'method not found')
