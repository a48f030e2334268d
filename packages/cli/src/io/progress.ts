import yoctoSpinner from 'yocto-spinner'
import type { Io } from './io.ts'

/** Says what is being done now. */
export type Progress = (text: string) => void

/**
 * Shows that work goes on, on a terminal's stderr and nowhere else; the line is gone when the work ends.
 *
 * @param isQuiet - for `--json`, where only the answer counts
 */
export async function withProgress<T>(
  io: Io,
  { text, isQuiet }: { readonly text: string; readonly isQuiet?: boolean },
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  const { stream, isTty } = io.stderr
  if (!isTty || stream === undefined || isQuiet === true) return await work(() => {})
  // Ctrl-C is ours to handle: the work is told, ends, and only then the process does.
  const spinner = yoctoSpinner({ text, stream: stream as NodeJS.WriteStream, handleSignals: false }).start()
  try {
    return await work((next) => {
      spinner.text = next
    })
  } finally {
    spinner.stop()
  }
}
