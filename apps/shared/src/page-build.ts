import type { UserConfig } from 'vite'

/** What is asked of a build of pages. */
export interface PageBuild {
  /** Where the pages go: emptied first. */
  readonly outDir: string
  /** The files that pages are made of. */
  readonly pages: readonly string[]
  /** Whether they are dark in every scheme. Default false. */
  readonly isDark?: boolean
  /** Whether what they show moves out of the way of a phone's keyboard. Default false. */
  readonly aboveKeyboard?: boolean
}

/** How vite builds pages that a command serves. */
export function pageBuild(build: PageBuild): UserConfig {
  return {
    // Relative, so that the pages also work below a base path and below that of a reverse proxy.
    base: './',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    plugins: [pageHead(build)],
    build: {
      outDir: build.outDir,
      emptyOutDir: true,
      target: 'es2022',
      // Pages are served with `default-src 'self'`: no data: URIs, no inline preload polyfill.
      assetsInlineLimit: 0,
      modulePreload: false,
      rolldownOptions: { input: [...build.pages] },
    },
  }
}

const THEME_COLOURS = { light: '#faf9f6', dark: '#151715' } as const

type BuildStep = NonNullable<UserConfig['plugins']>[number]

/** Puts what all pages begin with into the head of each. */
function pageHead({ isDark = false, aboveKeyboard = false }: PageBuild): BuildStep {
  const viewport = `width=device-width, initial-scale=1${aboveKeyboard ? ', interactive-widget=resizes-content' : ''}`
  const themes = isDark
    ? `<meta name="theme-color" content="${THEME_COLOURS.dark}" />`
    : Object.entries(THEME_COLOURS)
        .map(
          ([scheme, colour]) =>
            `<meta name="theme-color" media="(prefers-color-scheme: ${scheme})" content="${colour}" />`,
        )
        .join('')
  const head =
    `<meta charset="utf-8" /><meta name="viewport" content="${viewport}" />` +
    `<meta name="color-scheme" content="${isDark ? 'dark' : 'light dark'}" />${themes}` +
    '<link rel="icon" type="image/svg+xml" href="../shared/src/flag.svg" />'
  return {
    name: 'page-head',
    transformIndexHtml: { order: 'pre', handler: (html) => html.replace('<head>', `<head>${head}`) },
  }
}
