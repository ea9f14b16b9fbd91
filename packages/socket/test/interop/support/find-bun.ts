import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Bun's binary, an optional dependency of the workspace; nothing where there is none for this machine. */
export function findBun(): string | undefined {
  const folder = `@oven/bun-linux-${process.arch === 'arm64' ? 'aarch64' : process.arch}`
  const file = fileURLToPath(new URL(`../../../../../node_modules/${folder}/bin/bun`, import.meta.url))
  return existsSync(file) ? file : undefined
}
