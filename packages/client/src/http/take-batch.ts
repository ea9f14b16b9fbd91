import type { WaitingPacket } from './posted-upstream.ts'

/** Most packets of one request (count): hubs take 256. */
const MAX_BATCH = 128

/** Takes from the front what goes with one request: one packet always, and more as far as they fit. */
export function takeBatch(packets: WaitingPacket[], maxBytes: number): WaitingPacket[] {
  let count = 0
  let total = 0
  for (const { bytes } of packets) {
    total += bytes
    if (count > 0 && (count === MAX_BATCH || total > maxBytes)) break
    count++
  }
  return packets.splice(0, count)
}
