import flagUrl from '../../shared/src/flag.svg'
import { serverAddress } from './server-address.ts'

const PAGES = [
  { href: './', name: 'Try it' },
  { href: 'orders', name: 'Order board' },
] as const

/** The head of each page: where the server is, and the way to the other page. */
export function Masthead({ page }: { readonly page: (typeof PAGES)[number]['name'] }) {
  return (
    <header class="masthead">
      <img src={flagUrl} alt="" width="28" height="28" />
      <h1>Wigwag</h1>
      <nav aria-label="Pages">
        {PAGES.map(({ href, name }) => (
          <a key={href} href={href} aria-current={name === page ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <p>
        Server at <b>{serverAddress(location.href)}</b>
      </p>
    </header>
  )
}
