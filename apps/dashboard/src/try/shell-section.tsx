import { useEffect, useRef, useState } from 'preact/hooks'
import { checkChannel, type ShellCommand, shellCommands } from './channel-address.ts'
import { copyText } from './clipboard.ts'
import { channel } from './page-model.ts'

const SAY_COPIED_MS = 2_500

/** The same channel from a shell. */
export function ShellSection() {
  const name = channel.value
  const usable = checkChannel(name) === undefined
  return (
    <section class="shell" aria-labelledby="shell-title">
      <h2 id="shell-title">From a shell</h2>
      {usable ? (
        <ul>
          {shellCommands(location.href, name).map((one) => (
            <Command key={one.what} {...one} />
          ))}
        </ul>
      ) : (
        <p class="empty">Type the name of a channel to see its commands.</p>
      )}
    </section>
  )
}

function Command({ what, name, command }: ShellCommand) {
  const code = useRef<HTMLElement>(null)
  const [said, setSaid] = useState('')
  useEffect(() => {
    if (said === '') return
    const timer = setTimeout(() => setSaid(''), SAY_COPIED_MS)
    return () => clearTimeout(timer)
  }, [said])
  const copy = async (): Promise<void> => {
    if (code.current === null) return
    setSaid((await copyText(code.current)) === 'copied' ? 'Copied' : 'Selected: copy it with your keyboard')
  }
  return (
    <li>
      <div class="caption">
        <h3>{what}</h3>
        <span class="done" role="status">
          {said}
        </span>
        <button type="button" class="quiet" aria-label={`Copy ${name}`} onClick={() => void copy()}>
          Copy
        </button>
      </div>
      <pre>
        <code ref={code}>{command}</code>
      </pre>
    </li>
  )
}
