import { writeFileSync } from 'node:fs'
import { maskingModuleSource } from './masking-module-source.ts'

/** Writes the assembled module into the package: `npm run wasm`. */
writeFileSync(new URL('../../packages/socket/src/node/masking-module.ts', import.meta.url), maskingModuleSource())
