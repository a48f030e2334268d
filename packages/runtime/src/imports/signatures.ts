const TYPES: Readonly<Record<string, string>> = { i: 'i32', I: 'i64', d: 'f64' }

/**
 * What a guest may import: the type of each function in the words of `@blockless/wasm`, such as `(i32, i64) -> (i32)`.
 *
 * Sources: `wasi_snapshot_preview1.witx` lowered as clang and rustc do; docs/spec for Blockless modules; the
 * AssemblyScript compiler's `env` imports.
 */
export const IMPORT_SIGNATURES: Readonly<Record<string, Readonly<Record<string, string>>>> = createSignatures()

/** Types below are written short: `i` is i32, `I` is i64, `d` is f64; parameters before the colon, result after. */
function createSignatures(): Record<string, Record<string, string>> {
  const preview1 = {
    args_get: 'ii:i',
    args_sizes_get: 'ii:i',
    clock_res_get: 'ii:i',
    clock_time_get: 'iIi:i',
    environ_get: 'ii:i',
    environ_sizes_get: 'ii:i',
    fd_advise: 'iIIi:i',
    fd_allocate: 'iII:i',
    fd_close: 'i:i',
    fd_datasync: 'i:i',
    fd_fdstat_get: 'ii:i',
    fd_fdstat_set_flags: 'ii:i',
    fd_fdstat_set_rights: 'iII:i',
    fd_filestat_get: 'ii:i',
    fd_filestat_set_size: 'iI:i',
    fd_filestat_set_times: 'iIIi:i',
    fd_pread: 'iiiIi:i',
    fd_prestat_dir_name: 'iii:i',
    fd_prestat_get: 'ii:i',
    fd_pwrite: 'iiiIi:i',
    fd_read: 'iiii:i',
    fd_readdir: 'iiiIi:i',
    fd_renumber: 'ii:i',
    fd_seek: 'iIii:i',
    fd_sync: 'i:i',
    fd_tell: 'ii:i',
    fd_write: 'iiii:i',
    path_create_directory: 'iii:i',
    path_filestat_get: 'iiiii:i',
    path_filestat_set_times: 'iiiiIIi:i',
    path_link: 'iiiiiii:i',
    path_open: 'iiiiiIIii:i',
    path_readlink: 'iiiiii:i',
    path_remove_directory: 'iii:i',
    path_rename: 'iiiiii:i',
    path_symlink: 'iiiii:i',
    path_unlink_file: 'iii:i',
    poll_oneoff: 'iiii:i',
    proc_exit: 'i:',
    proc_raise: 'i:i',
    random_get: 'ii:i',
    sched_yield: ':i',
    sock_accept: 'iii:i',
    sock_recv: 'iiiiii:i',
    sock_send: 'iiiii:i',
    sock_shutdown: 'ii:i',
  }
  const { sock_accept: _, ...unstable } = preview1
  return {
    wasi_snapshot_preview1: expand(preview1),
    wasi_unstable: expand(unstable),
    ...createBlocklessSignatures(),
    env: expand({ abort: 'iiii:', trace: 'iiddddd:', seed: ':d' }),
  }
}

/** The modules of Blockless itself. */
function createBlocklessSignatures(): Record<string, Record<string, string>> {
  return {
    blockless: expand({ mcall: 'iiii:i', register: 'iiii:i' }),
    blockless_ipfs: expand({ ipfs_command: 'iiii:i', ipfs_read: 'iiii:i', ipfs_write: 'iiii:i', ipfs_close: 'i:i' }),
    blockless_llm: expand({
      llm_set_model_request: 'iii:i',
      llm_get_model_response: 'iiii:i',
      llm_set_model_options_request: 'iii:i',
      llm_get_model_options: 'iiii:i',
      llm_prompt_request: 'iii:i',
      llm_read_prompt_response: 'iiii:i',
      llm_close: 'i:i',
    }),
    blockless_s3: expand({ bucket_command: 'iiii:i', bucket_put_object: 'iiii:i', s3_read: 'iiii:i', s3_close: 'i:i' }),
    blockless_cgi: expand({
      cgi_open: 'iii:i',
      cgi_stdout_read: 'iiii:i',
      cgi_stderr_read: 'iiii:i',
      cgi_stdin_write: 'iiii:i',
      cgi_close: 'i:i',
      cgi_list_exec: 'i:i',
      cgi_list_read: 'iiii:i',
    }),
    blockless_drivers: expand({ blockless_open: 'iiiii:i' }),
    blockless_socket: expand({ create_tcp_bind_socket: 'iii:i', tcp_connect: 'iii:i' }),
    bless: expand({ rpc_call: 'iiiii:i' }),
    blockless_http: expand({
      http_req: 'iiiiii:i',
      http_open: 'iiiiii:i',
      http_close: 'i:i',
      http_read_header: 'iiiiii:i',
      http_read_body: 'iiii:i',
    }),
    blockless_memory: expand({ memory_read: 'iii:i', env_var_read: 'iii:i' }),
  }
}

function expand(short: Readonly<Record<string, string>>): Record<string, string> {
  const long = (types = ''): string => `(${[...types].map((type) => TYPES[type]).join(', ')})`
  const entries = Object.entries(short).map(([name, signature]): [string, string] => {
    const [params, results] = signature.split(':')
    return [name, `${long(params)} -> ${long(results)}`]
  })
  return Object.fromEntries(entries)
}
