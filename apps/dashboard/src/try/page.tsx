import { Masthead } from '../masthead.tsx'
import { ConnectForm } from './connect-form.tsx'
import { PublicationSection } from './publication-section.tsx'
import { PublishForm } from './publish-form.tsx'
import { ShellSection } from './shell-section.tsx'

export function Page() {
  return (
    <>
      <Masthead page="Try it" />
      <main>
        <ConnectForm />
        <PublishForm />
        <PublicationSection />
        <ShellSection />
      </main>
    </>
  )
}
