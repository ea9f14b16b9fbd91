export { ChildProgram, type ProgramExit } from './child-program.ts'
export { hasChromium, launchChromium } from './chromium.ts'
export { CuttableProxy } from './cuttable-proxy.ts'
export { runWigwag, type ServedWigwag, serveWigwag } from './wigwag-program.ts'
