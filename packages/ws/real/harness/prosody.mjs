import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, makeFolder, startProgram } from './program.mjs'

/** Who may log in, with the password `secret`. */
const USERS = ['ada', 'grace', 'joan']

/** An XMPP server that listens for WebSockets only. */
export async function startProsody() {
  const folder = makeFolder('prosody')
  const port = await freePort()
  const accounts = join(folder, 'data/localhost/accounts')
  mkdirSync(accounts, { recursive: true })
  mkdirSync(join(folder, 'certs'))
  for (const user of USERS) writeFileSync(join(accounts, `${user}.dat`), 'return { ["password"] = "secret" }\n')
  const file = join(folder, 'prosody.cfg.lua')
  const lines = [
    `pidfile = "${folder}/prosody.pid"`,
    `data_path = "${folder}/data"`,
    'run_as_root = true',
    'interfaces = { "127.0.0.1" }',
    'c2s_ports = {}',
    `http_ports = { ${port} }`,
    'http_interfaces = { "127.0.0.1" }',
    'https_ports = {}',
    'modules_enabled = { "roster", "saslauth", "disco", "ping", "websocket", "posix", "smacks" }',
    'modules_disabled = { "s2s", "tls" }',
    'consider_websocket_secure = true',
    'c2s_require_encryption = false',
    'authentication = "internal_plain"',
    'log = { info = "*console" }',
    'VirtualHost "localhost"',
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  const ready = /localhost:http\s+info\s+Serving 'websocket'/
  const stop = await startProgram('prosody', ['--config', file, '-F'], { ready })
  return { given: { url: `ws://127.0.0.1:${port}/xmpp-websocket` }, stop }
}
