import type { Guest } from '../guest/guest.ts'
import { ERRNO } from './errno.ts'
import type { HostFunctions } from './host-function.ts'

/** `proc_*` and `sched_yield`. */
export function processFunctions(guest: Guest): HostFunctions {
  return {
    proc_exit: (code: number) => guest.finish({ kind: 'exit', code: code >>> 0 }),
    proc_raise: () => ERRNO.notsup,
    sched_yield: () => ERRNO.success,
  }
}
