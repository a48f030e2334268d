import type { Guest } from '../guest/guest.ts'
import { ERRNO, type Errno } from './errno.ts'
import type { HostFunctions } from './host-function.ts'

/** `path_*`: there is no directory to start from, so a stream is not one and any other descriptor does not exist. */
export function pathFunctions(guest: Guest): HostFunctions {
  const relativeTo = (descriptor: number): Errno => (guest.isOpen(descriptor >>> 0) ? ERRNO.notdir : ERRNO.badf)
  return {
    path_create_directory: relativeTo,
    path_filestat_get: relativeTo,
    path_filestat_set_times: relativeTo,
    path_link: relativeTo,
    path_open: relativeTo,
    path_readlink: relativeTo,
    path_remove_directory: relativeTo,
    path_rename: relativeTo,
    path_symlink: (_target: number, _size: number, descriptor: number) => relativeTo(descriptor),
    path_unlink_file: relativeTo,
  }
}
