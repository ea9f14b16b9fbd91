import { type HeldKeys, KEYS, withHeld } from './keys.ts'

/** The bar of keys that phones lack. */
export class KeyBar {
  readonly #bar: HTMLElement
  readonly #held: { ctrl: boolean; alt: boolean } = { ctrl: false, alt: false }
  readonly #buttons: Readonly<Record<keyof HeldKeys, HTMLButtonElement>>

  /** `sends` is called with what a key sends, Ctrl and Alt applied. */
  constructor(bar: HTMLElement, sends: (text: string) => void) {
    this.#bar = bar
    this.#buttons = { ctrl: this.#holder('Ctrl', 'ctrl'), alt: this.#holder('Alt', 'alt') }
    for (const { label, name, sends: text } of KEYS) {
      const button = this.#button(label, () => sends(this.apply(text)))
      if (name !== undefined) button.ariaLabel = name
    }
  }

  show(isShown: boolean): void {
    this.#bar.hidden = !isShown
  }

  /** What is sent for `text` now. What was held is let go of. */
  apply(text: string): string {
    const sent = withHeld(text, this.#held)
    this.#hold('ctrl', false)
    this.#hold('alt', false)
    return sent
  }

  #holder(label: string, key: keyof HeldKeys): HTMLButtonElement {
    const button = this.#button(label, () => this.#hold(key, !this.#held[key]))
    button.ariaPressed = 'false'
    return button
  }

  #hold(key: keyof HeldKeys, isHeld: boolean): void {
    this.#held[key] = isHeld
    this.#buttons[key].ariaPressed = String(isHeld)
  }

  #button(label: string, pressed: () => void): HTMLButtonElement {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = label
    // The keyboard of a phone stays open only while the terminal has the focus.
    button.addEventListener('pointerdown', (event) => event.preventDefault())
    button.addEventListener('click', pressed)
    this.#bar.append(button)
    return button
  }
}
