import { describeTransport, isShared } from './connection-view.ts'

/** What a connection goes over, and where there is room, whether all tabs are on it. */
export function TransportTag({ transport }: { readonly transport: string }) {
  return (
    <span class="transport">
      {isShared(transport) && <span class="roomy">shared </span>}
      {describeTransport(transport)}
    </span>
  )
}
