/** Queues in a program that has Node-RED inside, and may end in its own way. */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { config, probe, TAB } from '../support/flows.ts'
import { freePort } from '../support/free-port.ts'
import { makeUserDir } from '../support/node-red.ts'

const FLOWS = [
  TAB,
  config([
    { name: 'q0', dbmode: 0 },
    { name: 'q1', dbmode: 1 },
    { name: 'q4', dbmode: 4 },
  ]),
  ...probe({ id: 'add', type: 'mq-add', queue: 'queue', queueType: 'msg' }),
  ...probe({ id: 'fetch', type: 'mq-fetch', queue: 'queue', queueType: 'msg' }, 2),
]

describe('a program with Node-RED inside', () => {
  let userDir: string
  let host: ChildProcess
  let url: string
  beforeEach(async () => {
    userDir = makeUserDir()
    writeFileSync(join(userDir, 'flows.json'), JSON.stringify(FLOWS))
    await start()
    for (const queue of ['q0', 'q1', 'q4']) await ask('add', { queue, payload: { kept: true } })
  })
  afterEach(() => {
    host.kill('SIGKILL')
    rmSync(userDir, { recursive: true, force: true })
  })

  async function start(): Promise<void> {
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    host = fork(join(import.meta.dirname, '../support/host.ts'), [userDir, String(port)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    await said('started')
  }

  const said = (text: string) =>
    new Promise<void>((resolve) => {
      host.on('message', (message) => message === text && resolve())
    })

  async function ask(node: string, message: object): Promise<Record<string, unknown>> {
    const headers = { 'Content-Type': 'application/json' }
    const body = JSON.stringify(message)
    const response = await fetch(`${url}/probe/${node}`, { method: 'POST', headers, body })
    return ((await response.json()) as { msg: Record<string, unknown> }).msg
  }

  const ended = () =>
    new Promise<{ code: number | null; signal: string | null }>((resolve) => {
      host.on('exit', (code, signal) => resolve({ code, signal }))
    })

  async function assertKept(queues: string[]): Promise<void> {
    for (const queue of queues) {
      assert.deepEqual((await ask('fetch', { queue })).mqv, { kept: true }, queue)
      assert.equal((await ask('fetch', { queue })).mqv, undefined, queue)
    }
  }

  for (const order of ['exit', 'stop and exit']) {
    it(`keeps them when it is ordered to ${order}`, async () => {
      const end = ended()
      host.send(order)
      assert.deepEqual(await end, { code: 0, signal: null })
      await start()
      await assertKept(['q1', 'q4'])
    })
  }

  it('keeps them when it stops Node-RED and starts it again', async () => {
    const started = said('started')
    host.send('stop and start')
    await started
    await assertKept(['q0', 'q1', 'q4'])
  })

  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    it(`ends by ${signal}, which it does not listen to, and keeps them`, async () => {
      const end = ended()
      host.kill(signal)
      assert.deepEqual(await end, { code: null, signal })
      await start()
      await assertKept(['q1', 'q4'])
    })
  }
})

describe('Node-RED under a process manager', () => {
  it('saves when it is sent the message "shutdown"', async () => {
    const userDir = makeUserDir()
    writeFileSync(join(userDir, 'flows.json'), JSON.stringify(FLOWS))
    const settings = join(userDir, 'settings.cjs')
    const run = async (work: (url: string, child: ChildProcess) => Promise<void>) => {
      const port = await freePort()
      writeFileSync(
        settings,
        `module.exports = { uiHost: '127.0.0.1', uiPort: ${port}, flowFile: 'flows.json',
          telemetry: { enabled: false, updateNotification: false } }`,
      )
      const red = join(import.meta.dirname, '../../node_modules/node-red/red.js')
      const child = fork(red, ['-u', userDir, '-s', settings], { silent: true })
      let log = ''
      await new Promise<void>((resolve) => {
        child.stdout?.on('data', (chunk) => {
          log += chunk
          if (/Started flows/.test(log) && /Server now running/.test(log)) resolve()
        })
      })
      const end = new Promise((resolve) => child.on('exit', resolve))
      await work(`http://127.0.0.1:${port}`, child)
      child.send('shutdown')
      assert.equal(await end, 0)
      assert.doesNotMatch(log, /rescue/)
    }
    const post = async (url: string, node: string, message: object) => {
      const headers = { 'Content-Type': 'application/json' }
      const body = JSON.stringify(message)
      const response = await fetch(`${url}/probe/${node}`, { method: 'POST', headers, body })
      return (await response.json()) as { msg: Record<string, unknown> }
    }
    await run(async (url) => void (await post(url, 'add', { queue: 'q1', payload: 'kept' })))
    await run(async (url) => {
      assert.equal((await post(url, 'fetch', { queue: 'q1' })).msg.mqv, 'kept')
    })
    rmSync(userDir, { recursive: true })
  })
})
