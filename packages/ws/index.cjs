'use strict'

// `require('ws')` is the class itself, with everything else on it; the same class as `import WebSocket from 'ws'`.
module.exports = require('./dist/index.js').default
