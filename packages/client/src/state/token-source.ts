/** Where tokens come from: nobody has any; they are asked for; or there is one, and they are asked for when it is too old. */
export type TokenSource = 'none' | 'asked' | 'given-then-asked'
