/**
 * What may import what. Within a package, the rooms of `src` from the bottom up: a room may use itself and those
 * before it. `door` rooms see the rooms of another part only through its `index.ts`.
 */
export const PACKAGES = {
  'packages/socket': {
    packages: [],
    rooms: [
      'core/error',
      'core/bytes',
      'core/http',
      'core/frame',
      'core/extension',
      'core/message',
      'core/handshake',
      'core/connection',
      'core',
      'node',
      'testing',
    ],
    // Beside each other: neither may use the other.
    apart: [
      ['core/handshake', 'core/connection'],
      ['node', 'testing'],
    ],
    doors: [
      { from: 'node', into: 'core', through: 'core/index.ts' },
      { from: 'testing', into: 'core', through: 'core/index.ts' },
    ],
    // No room below may name a host.
    pure: ['core'],
  },
  'packages/protocol': {
    packages: [],
    rooms: ['code', 'packet', 'contract', 'json', ''],
    apart: [
      ['code', 'packet'],
      ['contract', 'json'],
    ],
    doors: [],
    pure: ['code', 'packet', 'contract', 'json', ''],
  },
  'packages/hub': {
    packages: ['@wigwag/protocol', '@wigwag/socket'],
    rooms: [
      'error',
      'contract',
      'publication',
      'broker',
      'drain',
      'presence',
      'channel',
      'namespace',
      'session',
      'cluster',
      '',
      'testing',
      'node',
      'jwt',
    ],
    apart: [
      ['session', 'cluster'],
      ['testing', 'node'],
      ['testing', 'jwt'],
      ['node', 'jwt'],
    ],
    doors: [
      { from: 'testing', into: '', through: 'index.ts' },
      { from: 'jwt', into: '', through: 'index.ts' },
    ],
    pure: [
      'error',
      'contract',
      'publication',
      'broker',
      'drain',
      'presence',
      'channel',
      'namespace',
      'session',
      'cluster',
      '',
      'testing',
    ],
  },
  'packages/ws': { packages: ['@wigwag/socket'], rooms: [''], apart: [], doors: [], pure: [] },
  'packages/redis': { packages: ['@wigwag/hub'], rooms: [''], apart: [], doors: [], pure: [] },
  'packages/programs': {
    packages: ['@wigwag/socket', '@wigwag/hub'],
    rooms: ['programs-error.ts', 'check-option.ts', 'access', 'process', 'exec', 'http', 'shared', ''],
    apart: [
      ['access', 'process'],
      ['http', 'shared'],
    ],
    doors: [],
    pure: [],
  },
  'packages/cli': {
    packages: ['@wigwag/socket', '@wigwag/hub', '@wigwag/redis', '@wigwag/programs'],
    rooms: [
      'cli-error.ts',
      'escape-controls.ts',
      'describe-unreachable.ts',
      'argument-parsers.ts',
      'http-server.ts',
      'connect',
      'serve',
      'exec',
      'commands',
      '',
    ],
    apart: [
      ['connect', 'serve'],
      ['connect', 'exec'],
      ['serve', 'exec'],
    ],
    doors: [],
    pure: [],
  },
  'packages/testkit': { packages: [], rooms: [''], apart: [], doors: [], pure: [] },
}
