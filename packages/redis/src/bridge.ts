import type { RedisBrokerOptions } from './redis-broker-options.ts'

/** Whether plain messages of the Redis channel `channel` are let through. */
export function matchesBridge(bridge: Required<RedisBrokerOptions>['bridge'], channel: string): boolean {
  if (bridge === 'none') return false
  return bridge === 'all' || bridge.some((pattern) => matchesPattern(pattern, channel))
}

/** `*` stands for any characters, also for none. Linear in time: no pattern makes it try again and again. */
function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split('*')
  const first = parts[0] as string
  const last = parts.at(-1) as string
  if (parts.length === 1) return text === pattern
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
  let at = first.length
  const end = text.length - last.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}
