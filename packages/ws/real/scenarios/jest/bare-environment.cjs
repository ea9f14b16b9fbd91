const { TestEnvironment } = require('jest-environment-node')

/** What jest-environment-jsdom takes away. */
module.exports = class BareEnvironment extends TestEnvironment {
  async setup() {
    await super.setup()
    delete this.global.setImmediate
    delete this.global.clearImmediate
    delete this.global.performance
  }
}
