import { nodeBytes } from '@wigwag/socket/driver'

/** Takes arrays as for messages of 1 MiB, one after the other, and prints how many pages the system gave for each. */
const SETTLING = 200
const COUNTED = 400
let faultsBefore = 0
for (let taken = 0; taken < SETTLING + COUNTED; taken++) {
  if (taken === SETTLING) faultsBefore = process.resourceUsage().minorPageFault
  nodeBytes.allocate(1024 * 1024).fill(0x61)
  // As messages come in turns of the event loop.
  if (taken % 4 === 0) await new Promise(setImmediate)
}
console.log((process.resourceUsage().minorPageFault - faultsBefore) / COUNTED)
