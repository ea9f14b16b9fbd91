import { HubError } from './error/hub-error.ts'
import type { ApplicationRefusal } from './namespace/refuse.ts'
import type { JsonValue } from './publication/publication.ts'

/** What such a function answers: `undefined` nothing, `refuse(…)` an error of your own. */
export type ServerRpcAnswer = JsonValue | ApplicationRefusal | undefined

/** A function that servers call through `hub.rpc`, or over HTTP. */
export type ServerRpcFunction = (params: JsonValue | undefined) => ServerRpcAnswer | PromiseLike<ServerRpcAnswer>

/** Such functions, by name. */
export type ServerRpc = Readonly<Record<string, ServerRpcFunction>>

/** Calls one. Throws `HubError` `ERR_METHOD` when there is none of that name. */
export async function callServerRpc(
  functions: ServerRpc | undefined,
  method: string,
  params: JsonValue | undefined,
): Promise<ServerRpcAnswer> {
  if (functions === undefined || !Object.hasOwn(functions, method)) {
    throw new HubError('ERR_METHOD', `There is no method ${JSON.stringify(method.slice(0, 60))} in option serverRpc.`)
  }
  return functions[method]?.(params)
}
