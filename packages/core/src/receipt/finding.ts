/** A check's reason to fail or to be skipped; a plain text is the detail of a check that passed. */
export type Finding = string | { readonly failed: string } | { readonly skipped: string }
