/** What others sent must not steer the terminal: control characters are shown as `\x1b`, all but tabs and ends of lines. */
export function escapeControls(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/[^\P{Cc}\t\n]/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
