import { FileError } from '../fs/file-error.ts'
import { ERRNO, type Errno } from './errno.ts'
import type { HostFunction, HostFunctions } from './host-function.ts'

/** The same functions, answering with its number where they throw or reject with a {@link FileError}. */
export function answering(functions: HostFunctions): HostFunctions {
  return Object.fromEntries(Object.entries(functions).map(([name, call]) => [name, answeringOne(call)]))
}

function answeringOne(call: HostFunction): HostFunction {
  return (...values) => {
    try {
      const answer = call(...values)
      return answer instanceof Promise ? answer.catch(errnoOf) : answer
    } catch (error) {
      return errnoOf(error)
    }
  }
}

/** Anything else ends the run, or is a fault of ours, and goes on through the guest's frames. */
function errnoOf(error: unknown): Errno {
  if (error instanceof FileError) return error.errno
  throw error
}

/** Ends a call with an error number. @throws {FileError} always */
export function fail(errno: Errno): never {
  throw new FileError(errno)
}

/** For the end of a call that has nothing to tell. */
export function succeed(): Errno {
  return ERRNO.success
}
