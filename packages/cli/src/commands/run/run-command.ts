import type { AddCommand } from '../command.ts'
import { createCommand } from '../command.ts'
import { runAction } from './run-action.ts'
import { addRunFlags, type RunFlags } from './run-flags.ts'

/** `bls run`: runs a module here, in the same sandbox as the network's nodes. */
export const addRunCommand: AddCommand = (program, io, finish) => {
  const command = createCommand('run', 'run a function here, in the sandbox that the network uses', [
    'bls run . Ada',
    'echo Grace | bls run build/release.wasm',
    'bls run spin.wat --fuel 1_000_000 --deadline 2s --stats',
    'bls run fetch.wasm --permission https://api.example.com/ --record run.blsrec',
    'bls run fetch.wasm --replay run.blsrec',
    'bls run count.wasm --dir ./texts::/texts:ro -- --lines',
  ])
    .argument('<input>', 'a module (.wasm, .wat), a project or package folder, a .car, or a configuration (JSON)')
    .argument('[args...]', 'arguments of the function; write those with a dash after "--"')
    .action(async (input: string, args: string[], flags: RunFlags) =>
      finish(await runAction(io, { input, args, flags })),
    )
  program.addCommand(addRunFlags(command))
}
