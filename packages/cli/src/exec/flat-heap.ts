import { setFlagsFromString } from 'node:v8'

/**
 * Keeps what is short-lived in the megabyte that V8 begins with. What passes through here dies at once, so that a larger young
 * generation, which grows to 48 MiB, is nothing but memory: measured with 192 MiB to a slow reader, 12 MiB instead of 32, with the
 * same CPU time.
 */
export function keepHeapFlat(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
