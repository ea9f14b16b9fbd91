// Real programs that tests start. Installs what is missing where that is possible, and says what is not.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Each with the command or the Python module to look for, the Debian package that has it, and the tests that need it. */
const PROGRAMS = [
  { command: 'chromium', debianPackage: 'chromium', tests: 'the browser tests' },
  { command: 'curl', debianPackage: 'curl', tests: 'the curl tests' },
  { command: 'redis-server', debianPackage: 'redis-server', tests: 'the Redis tests' },
  { command: 'redis-sentinel', debianPackage: 'redis-sentinel', tests: 'the Redis tests' },
  { command: 'haproxy', debianPackage: 'haproxy', tests: 'the tests behind haproxy' },
  { command: 'nginx', debianPackage: 'nginx-light', tests: 'the tests behind nginx' },
  {
    command: 'libwebsockets-test-client',
    debianPackage: 'libwebsockets-test-server',
    tests: 'the tests with libwebsockets',
  },
  { command: 'openssl', debianPackage: 'openssl', tests: 'the TLS tests' },
  { pythonModule: 'autobahn', debianPackage: 'python3-autobahn', tests: 'the tests with Autobahn' },
  { pythonModule: 'tornado', debianPackage: 'python3-tornado', tests: 'the test with Tornado' },
  { pythonModule: 'websockets', debianPackage: 'python3-websockets', tests: "the tests with Python's websockets" },
  { command: 'php', debianPackage: 'php-cli', tests: "PHP's way of long polling" },
  { command: 'vmstat', debianPackage: 'procps', tests: "the test of the guide's chart" },
  { command: 'websocketd', debianPackage: 'websocketd', tests: 'the tests beside websocketd' },
  { command: 'websockify', debianPackage: 'websockify', tests: 'the test beside websockify' },
  { command: 'mosquitto', debianPackage: 'mosquitto', tests: 'mqtt on the face of ws' },
  { command: 'rabbitmq-server', debianPackage: 'rabbitmq-server', tests: 'stompjs on the face of ws' },
  { command: 'prosody', debianPackage: 'prosody', tests: 'XMPP on the face of ws' },
]

/** Those of the named programs that are not there. */
export function missingPrograms(commands) {
  return PROGRAMS.filter((program) => commands.includes(program.command) && !isInstalled(program))
}

/** Makes the programs available if it can. Returns those that are still missing. */
export function ensurePrograms() {
  const missing = PROGRAMS.filter((program) => !isInstalled(program))
  if (missing.length === 0) return []
  if (existsSync('/etc/debian_version') && process.getuid?.() === 0)
    install(missing.map(({ debianPackage }) => debianPackage))
  return missing.filter((program) => !isInstalled(program))
}

/** One line for each program that is missing: what is left out and how to get it. */
export function describeMissing(missing) {
  return missing.map(
    ({ command, pythonModule, debianPackage, tests }) =>
      `Left out: ${tests}, for want of ${command ?? `the Python module ${pythonModule}`}. To run them: sudo apt-get install ${debianPackage}`,
  )
}

function isInstalled({ command, pythonModule }) {
  // Debian's packages are for Debian's Python; another one may come first on the PATH.
  if (pythonModule !== undefined) return spawnSync('/usr/bin/python3', ['-c', `import ${pythonModule}`]).status === 0
  // Servers are not on the PATH of everybody.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin` }
  return spawnSync('sh', ['-c', `command -v ${command}`], { env }).status === 0
}

function install(packages) {
  console.error(`Installing ${packages.join(', ')} …`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const options = { stdio: ['ignore', 'ignore', 'inherit'], env }
  if (spawnSync('apt-get', ['update', '-qq'], options).status !== 0) return
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options)
}
