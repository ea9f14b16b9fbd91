import { render } from 'preact'
import { LogPage } from './log-page.tsx'

const root = document.querySelector('#page')
if (root !== null) render(<LogPage />, root)
