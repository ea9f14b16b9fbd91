import { TerminalPage } from './terminal-page.ts'

function element<T extends HTMLElement>(id: string): T {
  return document.querySelector(`#${id}`) as T
}

// The terminal is most of what has to be loaded: the page is there before it.
const { TerminalView } = await import('./terminal-view.ts')
const page = new TerminalPage(new TerminalView(element('terminal')), {
  status: element('status'),
  viewers: element('viewers'),
  take: element('take'),
  share: element('share'),
  over: element('over'),
  why: element('why'),
  again: element('again'),
  keys: element('keys'),
})
await page.connect()
