import { Connection, ConnectionProfile } from '@wigwag/socket/core'

// The protocol without any I/O: bytes go in, calls come out. This is all that a driver for another runtime needs.
const sink = {
  bufferedAmount: 0,
  message: (data, type) => console.log(`${type}: ${data}`),
  ping: () => {},
  pong: () => {},
  write: (buffer, start, end) => console.log('write:', Buffer.from(buffer.subarray(start, end)).toString('hex')),
  closing: ({ code }) => console.log('closing:', code),
  end: () => console.log('end'),
  destroy: () => {},
  closed: ({ clean }) => console.log('closed, clean:', clean),
}
const profile = new ConnectionProfile('server', {}, { random: Math.random, randomKey: () => 0 })
const connection = new Connection(profile, sink, 0)

// RFC 6455 §5.7: "Hello" in two masked fragments, then a masked Close with code 1000.
connection.receive(Uint8Array.of(0x01, 0x83, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d), 0)
connection.receive(Uint8Array.of(0x80, 0x82, 0x3d, 0x54, 0x23, 0x06, 0x51, 0x3b), 1)
connection.send('hi')
connection.receive(Uint8Array.of(0x88, 0x82, 0x00, 0x00, 0x00, 0x00, 0x03, 0xe8), 2)
connection.receiveEnd(3)
