/**
 * Copies the text of an element. The clipboard API needs a secure context, which a server on the local network has
 * not: then the text is selected and copied the old way, and stays selected if even that is not allowed.
 */
export async function copyText(element: HTMLElement): Promise<'copied' | 'selected'> {
  try {
    await navigator.clipboard.writeText(element.textContent)
    return 'copied'
  } catch {
    window.getSelection()?.selectAllChildren(element)
    return document.execCommand('copy') ? 'copied' : 'selected'
  }
}
