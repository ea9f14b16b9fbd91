/** What a page does by itself, as far as the server has a say in it; by the names that ttyd has for it. */
export interface PageManners {
  /** `disableLeaveAlert`: whether whoever would lose a program by leaving is asked. */
  readonly asksBeforeLeaving: boolean
  /** `disableReconnect`: whether it comes back when the connection is lost. */
  readonly reconnects: boolean
  /** `closeOnDisconnect`: whether the window goes with the program. */
  readonly closesWithProgram: boolean
  /** `titleFixed`: what the window is called, whatever the program says. */
  readonly title: string | undefined
}

/** Reads them from what the server prefers. */
export function readManners(preferences: Readonly<Record<string, unknown>>): PageManners {
  const title = preferences['titleFixed']
  return {
    asksBeforeLeaving: preferences['disableLeaveAlert'] !== true,
    reconnects: preferences['disableReconnect'] !== true,
    closesWithProgram: preferences['closeOnDisconnect'] === true,
    title: typeof title === 'string' && title !== '' ? title : undefined,
  }
}
