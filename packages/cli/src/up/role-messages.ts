/** What the parent tells a role's process. */
export type RoleCommand =
  | { readonly kind: 'start'; readonly role: 'head' | 'worker'; readonly config: unknown }
  | { readonly kind: 'wait-for-workers'; readonly count: number }
  | { readonly kind: 'stop' }

/** What a role's process tells its parent. */
export type RoleEvent =
  | { readonly kind: 'started'; readonly url: string; readonly addresses: readonly string[] }
  | { readonly kind: 'linked'; readonly count: number }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
