import { createRequire } from 'node:module'

// bufferutil falls back to plain JavaScript in silence where it has no binary; the figures would then be those of `ws`.
const require = createRequire(import.meta.url)
if (require('bufferutil') === require('bufferutil/fallback')) {
  throw new Error('bufferutil has no binary for this machine')
}
await import('./ws.ts')
