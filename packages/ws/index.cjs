'use strict'

// `require('ws')` is the class itself, with everything else on it. One file, of CommonJS: what replaces `require` (Jest,
// bundlers) need not know of ES modules.
module.exports = require('./dist/bundle.cjs').WebSocket
