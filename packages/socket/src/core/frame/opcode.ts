/** Opcodes of RFC 6455 §5.2. All others are reserved. */
export const Opcode: {
  readonly continuation: 0x0
  readonly text: 0x1
  readonly binary: 0x2
  readonly close: 0x8
  readonly ping: 0x9
  readonly pong: 0xa
} = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa }

/** One of the six opcodes that RFC 6455 defines. */
export type Opcode = (typeof Opcode)[keyof typeof Opcode]

/** Control frames are those with the highest bit of the opcode set (RFC 6455 §5.5). */
export function isControlOpcode(opcode: number): boolean {
  return (opcode & 0x8) !== 0
}
