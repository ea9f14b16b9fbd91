// How often messages to many are compressed, and how many bytes that takes, in traffic as a hub has it.
// Usage: npm run build && node --import tsx bench/cohorts.ts [SUBSCRIBERS] [STEPS]
import { runTraffic } from './cohort-traffic.ts'

const [subscribers = 1000, steps = 200] = process.argv.slice(2).map(Number)
const kept = await runTraffic({ subscribers, steps, takeover: true })
const alone = await runTraffic({ subscribers, steps, takeover: false })
const [thousands, mean] = [new Intl.NumberFormat('en'), (value: number) => value.toFixed(2)]

const lines = {
  subscribers: `${subscribers}, of which ${kept.left} left and as many came`,
  messages: `${kept.messages} to two channels, ${thousands.format(kept.deliveries)} deliveries, ${kept.replies} replies`,
  'refused to the slow reader': `${kept.dropped} (${alone.dropped} without context takeover)`,
  'wrong or out of order': `${kept.wrong} (${alone.wrong})`,
  'compressions of a message, for each kind of compressor': `${mean(kept.meanCompressions)}, at most ${kept.mostCompressions} (${mean(alone.meanCompressions)}, at most ${alone.mostCompressions})`,
  'bytes before compression': thousands.format(kept.plainBytes),
  'bytes read by clients, with handshakes': `${thousands.format(kept.wireBytes)}, without context takeover ${thousands.format(alone.wireBytes)}: ${mean(alone.wireBytes / kept.wireBytes)} times as many`,
}
for (const [what, figures] of Object.entries(lines)) console.log(`${what}: ${figures}`)
process.exitCode = kept.wrong + alone.wrong === 0 ? 0 : 1
