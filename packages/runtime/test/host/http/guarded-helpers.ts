import assert from 'node:assert/strict'
import type { Agent } from 'undici'
import { createGuardedAgent, type GuardedAgentOptions } from '../../../src/host/http/guarded-agent.ts'
import { type GuardedRequest, type GuardedResponse, guardedRequest } from '../../../src/host/http/guarded-request.ts'
import { HttpError } from '../../../src/host/http/http-error.ts'
import type { Gate, Verdict } from '../../../src/policy/gate.ts'

/** The verdict of a gate that does not mind. */
export const ALLOWED: Verdict = { isAllowed: true }
const LOOPBACK_GATE = {
  decideAddress: (address: string): Verdict =>
    address === '127.0.0.1' ? ALLOWED : { isAllowed: false, missing: 'the address' },
}
const agents: Agent[] = []

/** An agent that `closeAgents` will close. */
export function agentOf(options: GuardedAgentOptions = {}, gate: Pick<Gate, 'decideAddress'> = LOOPBACK_GATE): Agent {
  const agent = createGuardedAgent(gate, options)
  agents.push(agent)
  return agent
}

/** Makes a request through an agent that reaches 127.0.0.1, decided by nothing else. */
export async function request(
  url: string,
  options: Partial<Omit<GuardedRequest, 'url'>> = {},
  agent: Agent = agentOf(),
): Promise<GuardedResponse> {
  const init = { method: 'GET', decide: () => ALLOWED, signal: AbortSignal.timeout(10_000), ...options }
  return await guardedRequest(agent, { ...init, url: new URL(url) })
}

/** For `assert.rejects`: an {@link HttpError} with this code. */
export function failsWith(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof HttpError, String(error))
    assert.equal(error.code, code)
    return true
  }
}

/** Closes what the tests opened. */
export async function closeAgents(): Promise<void> {
  for (const agent of agents.splice(0)) await agent.destroy()
}
