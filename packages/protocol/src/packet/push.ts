import type { ClientInfo } from './client-info.ts'
import type { Json } from './json.ts'
import type { PublicationPacket } from './publication-packet.ts'
import type { ConnectResult, SubscribeResult } from './reply.ts'

/** What a push tells: exactly one of these. */
export type Push =
  | { readonly channel: string; readonly pub: PublicationPacket }
  | { readonly channel: string; readonly join: { readonly info: ClientInfo } }
  | { readonly channel: string; readonly leave: { readonly info: ClientInfo } }
  | { readonly channel: string; readonly unsubscribe: { readonly code: number; readonly reason: string } }
  | { readonly channel: string; readonly subscribe: SubscribeResult }
  | { readonly message: { readonly data: Json } }
  | { readonly connect: ConnectResult }
  | {
      readonly disconnect: {
        readonly code: number
        readonly reason: string
        readonly reconnect?: boolean
        /** How long the client is advised to wait before it comes back, in milliseconds. */
        readonly delay_ms?: number
      }
    }
  | { readonly refresh: { readonly expires?: boolean; readonly ttl?: number } }

/** A packet from hub to client that nobody asked for. */
export interface PushPacket {
  readonly push: Push
}
