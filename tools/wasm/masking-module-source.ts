import { assembleMaskingModule } from './masking-module.ts'

/** The source file of `packages/socket` that holds the assembled module. */
export function maskingModuleSource(): string {
  const lines =
    Buffer.from(assembleMaskingModule())
      .toString('base64')
      .match(/.{1,100}/g) ?? []
  const literals = lines.map((line) => `'${line}'`).join(' +\n  ')
  return `/** A WebAssembly module, written by \`npm run wasm\`; what it does stands in tools/wasm/masking-module.ts. */
export const MASKING_MODULE: string =
  ${literals}
`
}
