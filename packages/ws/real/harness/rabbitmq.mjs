import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, makeFolder, startProgram } from './program.mjs'

/** The service's own command changes to another user; this one runs as whoever starts it. */
const SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server'

/** A STOMP broker that listens for WebSockets only, with a node and a port mapper of its own. */
export async function startRabbitmq() {
  const folder = makeFolder('rabbitmq')
  const [port, nodePort, mapperPort] = [await freePort(), await freePort(), await freePort()]
  const settings = [
    'listeners.tcp = none',
    'stomp.listeners.tcp = none',
    'web_stomp.tcp.ip = 127.0.0.1',
    `web_stomp.tcp.port = ${port}`,
    // Bytes are no text.
    'web_stomp.ws_frame = binary',
    'log.console = true',
    'log.file = false',
  ]
  writeFileSync(join(folder, 'rabbitmq.conf'), `${settings.join('\n')}\n`)
  writeFileSync(join(folder, 'plugins'), '[rabbitmq_web_stomp].\n')
  const env = {
    HOME: folder,
    RABBITMQ_BASE: folder,
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'no-environment-of-the-service'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_NODENAME: `wigwag-${port}@localhost`,
    RABBITMQ_DIST_PORT: String(nodePort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(mapperPort),
    // Halves the time to start: it need not ask the mapper, which it starts all the same.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `-start_epmd false -erl_epmd_port ${nodePort}`,
  }
  // The mapper leaves the group of the program that started it.
  const endMapper = () => spawnSync('epmd', ['-port', String(mapperPort), '-kill'])
  process.once('exit', endMapper)
  const stop = await startProgram(SERVER, [], { env, ready: /Server startup complete/ })
  return {
    given: { url: `ws://127.0.0.1:${port}/ws` },
    async stop() {
      await stop()
      process.off('exit', endMapper)
      endMapper()
    },
  }
}
