'use strict'

// `require('ws')` is the class itself, with everything else on it: the same class that `import WebSocket from 'ws'` gives.
module.exports = require('./dist/index.js').WebSocket
