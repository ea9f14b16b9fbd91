import { parseRecord } from './src/parse-record.ts'

export function fuzz(input: Uint8Array): void {
  if (input[2] === 0x22) parseRecord(input)
}

export const seeds: Record<string, string> = { nothing: '', text: 'text' }
export const maxInputBytes = 32
