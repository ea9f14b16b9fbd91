import { xorInPlace } from '@wigwag/socket/core'
import { assertSame, type Contender, type MicroCase } from '../micro-case.ts'
import type { PeerModules } from '../peer-modules.ts'
import { anyBytes, KEY, KEY_NUMBER, sizeName } from './payloads.ts'

/** Unmasking in place (RFC 6455 §5.3). */
export function maskingCases(peers: PeerModules): MicroCase[] {
  return [16, 125, 1024, 16 * 1024, 64 * 1024, 1024 * 1024].map((size) => ({
    name: `mask ${sizeName(size)}`,
    about: 'a payload unmasked in place',
    operations: 1,
    contenders: [
      contender('wigwag', size, (bytes) => {
        xorInPlace(bytes, 0, size, KEY_NUMBER)
      }),
      contender('ws', size, (bytes) => peers.unmask(bytes, KEY)),
      ...(peers.nativeUnmask === undefined
        ? []
        : [contender('bufferutil', size, (bytes) => peers.nativeUnmask?.(bytes, KEY))]),
      contender('naive', size, (bytes) => {
        for (let i = 0; i < size; i++) bytes[i] = (bytes[i] as number) ^ (KEY[i % 4] as number)
      }),
    ],
  }))
}

function contender(name: string, size: number, unmask: (bytes: Uint8Array) => void): Contender {
  const bytes = anyBytes(size)
  return {
    name,
    run(times) {
      for (let i = 0; i < times; i++) unmask(bytes)
      return bytes[0] as number
    },
    check() {
      const once = anyBytes(size)
      unmask(once)
      const expected = anyBytes(size).map((byte, i) => byte ^ (KEY[i & 3] as number))
      assertSame(`${name}, ${size} B`, once, expected)
    },
  }
}
