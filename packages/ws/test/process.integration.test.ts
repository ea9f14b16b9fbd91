import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const door = fileURLToPath(new URL('../index.cjs', import.meta.url))

// Runs the package as built.
beforeAll(() => {
  spawnSync('npm', ['run', '--silent', 'build', '--workspace', '@wigwag/ws'], { cwd: root })
}, 60_000)

/** A process with a server and a client of its own: what it printed, and how it ended. */
function run(code: string): { readonly status: number | null; readonly output: string } {
  const program = `
    const WebSocket = require(${JSON.stringify(door)})
    const server = new WebSocket.Server({ port: 0, host: '127.0.0.1' }, () => {
      const client = new WebSocket('ws://127.0.0.1:' + server.address().port)
      server.once('connection', (socket) => client.once('open', () => play(client, socket)))
    })
    function play(client, socket) { ${code} }
  `
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8', timeout: 20_000 })
  return { status, output: stdout + stderr }
}

describe('a listener that throws', () => {
  test('ends the process, as any uncaught exception does', () => {
    const { status, output } = run(`
      client.on('message', () => { throw new TypeError('of a listener') })
      socket.send('one')
    `)
    expect(status).not.toBe(0)
    expect(output).toContain('TypeError: of a listener')
  })

  test('costs a process that goes on nothing but the exception: what comes next is told', () => {
    const { status, output } = run(`
      process.on('uncaughtException', ({ message }) => console.log('uncaught', message))
      client.on('message', (data) => {
        console.log(String(data))
        if (String(data) === 'one') throw new Error('of a listener')
      })
      client.on('ping', () => { throw new Error('of a ping') })
      client.on('close', (code) => { console.log('close', code); server.close(); throw new Error('of the end') })
      for (const text of ['one', 'two', 'three']) socket.send(text)
      socket.ping()
      socket.close(4000)
    `)
    expect(output.trim().split('\n')).toEqual([
      'one',
      'uncaught of a listener',
      'two',
      'three',
      'uncaught of a ping',
      'close 4000',
      'uncaught of the end',
    ])
    expect(status).toBe(0)
  })

  test('in a callback of send, too', () => {
    const { output } = run(`
      process.on('uncaughtException', ({ message }) => console.log('uncaught', message))
      socket.send('one', () => { throw new Error('of a callback') })
      socket.send('two', () => { console.log('called'); setImmediate(() => process.exit()) })
    `)
    expect(output).toContain('called')
    expect(output).toContain('uncaught of a callback')
  })

  test('an error that nobody listens for is thrown', () => {
    const { status, output } = run(
      `client._socket.write(Buffer.from([0x83, 0x80, 0, 0, 0, 0])); client.on('error', () => {})`,
    )
    expect(status).not.toBe(0)
    expect(output).toContain('WS_ERR_INVALID_OPCODE')
  })
})

test('what was sent before process.exit() leaves', () => {
  const program = `
    const WebSocket = require(${JSON.stringify(door)})
    const server = new WebSocket.Server({ port: 0, host: '127.0.0.1' }, () => {
      const child = require('node:child_process').spawn(process.execPath, ['-e', \`
        const WebSocket = require(${JSON.stringify(door)})
        const client = new WebSocket('ws://127.0.0.1:\${server.address().port}')
        client.on('open', () => { client.send('the last word'); process.exit() })
      \`])
      server.on('connection', (socket) => {
        socket.on('message', (data) => console.log(String(data)))
        socket.on('close', () => process.exit())
      })
    })
  `
  expect(spawnSync(process.execPath, ['-e', program], { encoding: 'utf8', timeout: 20_000 }).stdout).toBe(
    'the last word\n',
  )
})
