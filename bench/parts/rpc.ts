/** What the RPC does under load, and what the load does to a flow. */
import { createRequire } from 'node:module'
import { freePort } from '../../test/support/free-port.ts'
import { answering } from '../answering.ts'
import { mqueueFlow } from '../flows.ts'
import { measure, ratios, run } from '../measure.ts'
import { CALL } from '../payloads.ts'
import { report } from '../report.ts'

/** What is only needed here is installed here (see bench/package.json), and comes without types. */
const autocannon: (
  options: object,
) => Promise<{ requests: { average: number } }> & { stop(): void } = createRequire(import.meta.url)(
  'autocannon',
)

/** The flow runs in its own process, and this one puts the load on it. */
async function flowUnderLoad(overallRate?: number) {
  const port = await freePort()
  const load = { depth: 100, rounds: 2_500, warmUp: 500, payload: CALL }
  const flowed = run<{ byClock: number }>('flow.ts', mqueueFlow(load), {
    BENCH_PORT: String(port),
  })
  const body = JSON.stringify({ jsonrpc: '2.0', method: 'mqueue.get_size', params: ['q'], id: 1 })
  const headers = { 'content-type': 'application/json' }
  const url = `http://127.0.0.1:${port}/mqueue/rpc`
  await answering(url, { method: 'POST', headers, body })
  const requests =
    overallRate === 0
      ? undefined
      : autocannon({
          url,
          method: 'POST',
          headers,
          body,
          connections: 10,
          duration: 60,
          overallRate,
        })
  const { byClock } = await flowed
  requests?.stop()
  return { byClock, requests: (await requests)?.requests.average ?? 0 }
}

export default async function measureRpc(rounds: number): Promise<void> {
  const loaded = await measure(rounds, {
    idle: () => flowUnderLoad(0),
    steady: () => flowUnderLoad(200),
    full: () => flowUnderLoad(),
  })
  const speeds = (name: keyof typeof loaded) => loaded[name].map(({ byClock }) => byClock)
  const full = loaded.full.map(({ requests }) => requests)
  report('RPC: requests beside a flow that runs at full speed', full, '/s')
  report(
    'RPC: speed of the flow under 200 requests/s',
    ratios(speeds('steady'), speeds('idle')),
    'x',
  )
  report(
    'RPC: speed of the flow under as many as 10 clients send',
    ratios(speeds('full'), speeds('idle')),
    'x',
  )
}
