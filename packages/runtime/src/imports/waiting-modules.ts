/** Import modules whose functions may answer with a promise; a guest that imports one of them runs on its own stack. */
export const WAITING_MODULES: ReadonlySet<string> = new Set([
  'bless',
  'blockless_cgi',
  'blockless_drivers',
  'blockless_http',
  'blockless_ipfs',
  'blockless_llm',
  'blockless_s3',
  'blockless_socket',
])
