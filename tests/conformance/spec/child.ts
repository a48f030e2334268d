import { readFileSync } from 'node:fs'
import { runScript, type ScriptResult } from './run-script.ts'
import { compileText } from './wat.ts'

/** What a script came to, or why it could not be run at all. */
export type ChildAnswer = { readonly result: ScriptResult } | { readonly problem: string }

// Runs one script per message, so that a hang or a crash of the engine ends this process and not the whole run.
process.on('message', (file) => {
  process.send?.(answer(String(file)))
})
process.send?.('ready')

function answer(file: string): ChildAnswer {
  try {
    return { result: runScript(readFileSync(file, 'utf8'), compileText) }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}
