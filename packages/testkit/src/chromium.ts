import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const EXECUTABLE = '/usr/bin/chromium'

/** Whether browser tests can run here. */
export const hasChromium: boolean = existsSync(EXECUTABLE)

/**
 * Starts a headless Chromium with a fresh profile that asks the network for nothing by itself. `keepsPages`: whether a page that was left
 * may come back as it was, when one goes back to it. Default false.
 */
export function launchChromium({ keepsPages = false }: { readonly keepsPages?: boolean } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    ignoreDefaultArgs: keepsPages ? ['--disable-back-forward-cache'] : [],
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
