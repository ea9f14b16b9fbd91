import { render } from 'preact'
import { BoardPage } from './board-page.tsx'

const root = document.querySelector('#page')
if (root !== null) render(<BoardPage />, root)
