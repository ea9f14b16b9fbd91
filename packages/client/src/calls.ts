import type { Contract, Json, MethodsOf, RpcInput, RpcOutput } from '@wigwag/protocol'
import type { CallOptions } from './cancellable.ts'
import type { CoreClient } from './core-client.ts'

/** What a method is called with: nothing, where it takes nothing. */
export type RpcArguments<Input> = undefined extends Input
  ? [data?: Input, options?: CallOptions]
  : [data: Input, options?: CallOptions]

/** Calls a method of a client's hub; resolves with what it answers. Rejects with `ERR_REPLY` when it refuses. */
export async function rpc<C extends Contract, const Name extends keyof MethodsOf<C> & string>(
  client: CoreClient<C>,
  method: Name,
  ...[data, options]: RpcArguments<RpcInput<MethodsOf<C>[Name]>>
): Promise<RpcOutput<MethodsOf<C>[Name]>> {
  return (await client.call('rpc', { method, data: data as Json }, options)).data as RpcOutput<MethodsOf<C>[Name]>
}

/** Sends something to a client's hub, for no channel. Resolves when it has been handed to the connection: there is no answer. */
export async function send(client: CoreClient<never>, data: Json, options?: CallOptions): Promise<void> {
  await client.call('send', { data }, options)
}
