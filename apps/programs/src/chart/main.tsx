import { render } from 'preact'
import { ChartPage } from './chart-page.tsx'

const root = document.querySelector('#page')
if (root !== null) render(<ChartPage />, root)
