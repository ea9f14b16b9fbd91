import type { Json, RpcContract, RpcReceived, RpcReturned, StandardSchema } from '@wigwag/protocol'
import type { ApplicationRefusal } from '../namespace/refuse.ts'
import type { ClientSession } from './client-session.ts'

/** What a call is answered with. `undefined`: nothing. */
export type RpcAnswer<Answer = Json | undefined> = Answer | ApplicationRefusal

/** Answers a call. `undefined` is an empty answer; a throw is error 100. */
export type RpcFunction<Data = Json | undefined, Answer = Json | undefined> = (
  data: Data,
  session: ClientSession,
) => RpcAnswer<Answer> | PromiseLike<RpcAnswer<Answer>>

/** Answers calls of whatever name. */
export type RpcForAll = (
  method: string,
  data: Json | undefined,
  session: ClientSession,
) => RpcAnswer | PromiseLike<RpcAnswer>

/** A function that clients can call, with what it takes and answers; `rpcMethod` makes one with its types. */
export interface RpcMethod<Input = StandardSchema | undefined, Output = RpcContract['output']> {
  /** What clients call it with; the function is given what the schema makes of it. Anything else is error 107. Default: any JSON value, or nothing. */
  readonly input?: Input
  /** What it answers; clients are sent what the schema makes of it. Anything else is error 100, and reported. Default: any JSON value, or nothing. */
  readonly output?: Output
  answer(data: unknown, session: ClientSession): unknown
}

/** What clients can call: functions by name, or one function for every name. */
export type Rpc = Readonly<Record<string, RpcFunction | RpcMethod>> | RpcForAll

/** A function of a contract's method. */
export type ContractRpcFunction<Method> = RpcFunction<RpcReceived<Method>, RpcReturned<Method>>

/** A function that clients can call, with schemas of what it takes and answers: its types are theirs. */
export function rpcMethod<
  const Input extends StandardSchema | undefined = undefined,
  const Output extends RpcContract['output'] = undefined,
>(method: {
  readonly input?: Input
  readonly output?: Output
  readonly answer: RpcFunction<RpcReceived<{ readonly input: Input }>, RpcReturned<{ readonly output: Output }>>
}): RpcMethod<Input, Output> {
  return method as RpcMethod<Input, Output>
}
