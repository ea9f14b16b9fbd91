import { serverAddress } from './channel-address.ts'
import { ConnectForm } from './connect-form.tsx'
import flagUrl from './flag.svg'
import { PublicationSection } from './publication-section.tsx'
import { PublishForm } from './publish-form.tsx'
import { ShellSection } from './shell-section.tsx'

export function Page() {
  return (
    <>
      <header class="masthead">
        <img src={flagUrl} alt="" width="28" height="28" />
        <h1>Wigwag</h1>
        <p>
          Server at <b>{serverAddress(location.href)}</b>
        </p>
      </header>
      <main>
        <ConnectForm />
        <PublishForm />
        <PublicationSection />
        <ShellSection />
      </main>
    </>
  )
}
