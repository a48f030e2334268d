import type { Guest } from '../guest/guest.ts'
import { ERRNO, type Errno } from './errno.ts'
import type { HostFunctions } from './host-function.ts'

/** `proc_*`, `sched_yield`, and `sock_*`, which no descriptor of this slice answers. */
export function processFunctions(guest: Guest): HostFunctions {
  const onSocket = (descriptor: number): Errno => (guest.isOpen(descriptor >>> 0) ? ERRNO.notsock : ERRNO.badf)
  return {
    proc_exit: (code: number) => guest.finish({ kind: 'exit', code: code >>> 0 }),
    proc_raise: () => ERRNO.notsup,
    sched_yield: () => ERRNO.success,
    sock_accept: onSocket,
    sock_recv: onSocket,
    sock_send: onSocket,
    sock_shutdown: onSocket,
  }
}
