#!/usr/bin/env node
// Plain JavaScript that any Node still in use can read: it says what is wrong before newer syntax would just fail.
const NODE_MAJOR = 26
const major = Number(process.versions.node.split('.')[0])

if (major >= NODE_MAJOR) {
  const { main } = await import('../src/main.ts')
  await main(process.argv.slice(2))
} else {
  process.stderr.write(
    `error: Cannot start bls: this is Node ${process.versions.node}, Node ${NODE_MAJOR} or newer is needed\n` +
      'code: ERR_NODE_VERSION\n' +
      `hint: install Node ${NODE_MAJOR} from https://nodejs.org, or in this repository run "npm run bls -- <command>"\n`,
  )
  process.exitCode = 2
}
