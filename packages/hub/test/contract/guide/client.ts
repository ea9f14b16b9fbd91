import type { PublicationInput, PublicationOutput, RpcInput, RpcOutput } from '@wigwag/protocol'
import type { Centrifuge } from 'centrifuge'
import type { contract } from './contract.ts'

type Contract = typeof contract
type Order = PublicationOutput<Contract, 'orders:42'>
type GetQuote = Contract['rpc']['getQuote']

/** Orders of a user, as they come. */
export function watchOrders(client: Centrifuge, user: string, show: (order: Order) => void): void {
  const subscription = client.newSubscription(`orders:${user}`)
  subscription.on('publication', ({ data }) => show(data as Order))
  subscription.subscribe()
}

export async function order(
  client: Centrifuge,
  user: string,
  data: PublicationInput<Contract, 'orders:42'>,
): Promise<void> {
  await client.publish(`orders:${user}`, data)
}

export async function getQuote(client: Centrifuge, input: RpcInput<GetQuote>): Promise<RpcOutput<GetQuote>> {
  return (await client.rpc('getQuote', input)).data as RpcOutput<GetQuote>
}
