// Debian's curl 7.88 is built without WebSockets. It still performs the opening handshake when it is given the headers,
// takes the 101 for what it is, and passes on every byte that follows; and it uploads frames that were made beforehand.

import { Opcode } from '@wigwag/socket/core'
import { frameBytes, TEST_MASK } from '@wigwag/socket/testing'
import { ChildProgram, findProgram } from '@wigwag/testkit'
import { describe, expect, test } from 'vitest'
import { openServer } from '../node/support/open-server.ts'
import { SAMPLE_ACCEPT, SAMPLE_KEY } from '../node/support/raw-peer.ts'

const HEADERS = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${SAMPLE_KEY}`,
].flatMap((field) => ['-H', field])

function startCurl(url: string, args: readonly string[]): ChildProgram {
  return new ChildProgram('curl', [
    '-sS',
    '-i',
    '-N',
    '--http1.1',
    '--max-time',
    '20',
    ...args,
    url.replace('ws:', 'http:'),
  ])
}

describe.skipIf(findProgram('curl') === undefined)('curl', () => {
  test('reads the 101 and the frames behind it, until the server has closed', async () => {
    const { url } = await openServer({
      // It answers no Close frame.
      closeTimeoutMs: 100,
      open: (socket) => {
        socket.send('hello curl')
        socket.close(1000)
      },
    })
    const { stdout } = await startCurl(url, HEADERS).exit
    expect(stdout).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/)
    expect(stdout).toContain(`Sec-WebSocket-Accept: ${SAMPLE_ACCEPT}`)
    // FIN and text, 10 bytes unmasked (RFC 6455 §5.2). Its first byte is no UTF-8, and the output is read as such.
    expect(stdout).toContain('\nhello curl')
  })

  test('uploads frames, and reads what comes back until both have closed', async () => {
    const { url, log } = await openServer({ message: (socket, data) => void socket.send(`you said ${data}`) })
    // Without these fields its input is sent as it is.
    const upload = ['-X', 'GET', '-T', '-', '-H', 'Transfer-Encoding:', '-H', 'Expect:']
    const curl = startCurl(url, [...HEADERS, ...upload])
    curl.write(frameBytes({ opcode: Opcode.text, payload: 'hello from curl', mask: TEST_MASK }))
    curl.write(frameBytes({ opcode: Opcode.close, payload: Uint8Array.of(0x03, 0xe8), mask: TEST_MASK }))
    curl.endInput()
    expect((await curl.exit).stdout).toContain('you said hello from curl')
    expect((await log.next('close')).outcome).toMatchObject({ code: 1000, clean: true })
  })

  test('is told by 426 that a WebSocket of another version is not spoken here (RFC 6455 §4.4)', async () => {
    const { url } = await openServer()
    const headers = HEADERS.map((field) => field.replace('Version: 13', 'Version: 8'))
    const { stdout } = await startCurl(url, headers).exit
    expect(stdout).toMatch(/^HTTP\/1\.1 426 /)
    expect(stdout).toMatch(/^Sec-WebSocket-Version: 13\r$/im)
  })
})
