import type { Guest } from '../guest/guest.ts'
import type { HostFunction, HostFunctions } from '../wasi/host-function.ts'

/** The functions of one import module, each a frame of the guest's profile while it is at work, or waits. */
export function profiledFunctions(guest: Guest, module: string, functions: HostFunctions): HostFunctions {
  const entries = Object.entries(functions).map(([name, call]) => [name, profiled(guest, `${module}.${name}`, call)])
  return Object.fromEntries(entries)
}

function profiled(guest: Guest, name: string, call: HostFunction): HostFunction {
  return (...values) => {
    const { profile } = guest
    if (profile === undefined) return call(...values)
    const frames = profile.enter(profile.hostKey(name), Number(guest.fuelLeft))
    const leave = (): void => profile.unwind(frames, Number(guest.fuelLeft))
    let isWaiting = false
    try {
      const answer = call(...values)
      isWaiting = answer instanceof Promise
      return answer instanceof Promise ? answer.finally(leave) : answer
    } finally {
      if (!isWaiting) leave()
    }
  }
}
