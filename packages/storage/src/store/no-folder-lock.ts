/** Stands for the lock of a folder where there are no folders, so that browsers can load the rest. */
export function lockFolder(folder: string): Disposable {
  throw new TypeError(`Cannot lock folder "${folder}": browsers have no disk`)
}
