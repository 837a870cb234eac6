import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { freePort } from './support/free-port.ts'
import { PROJECT, until } from './support/node-red.ts'

function startDemo(port: number): { child: ChildProcess; output: () => string } {
  const env = { ...process.env, PORT: String(port) }
  const child = spawn(process.execPath, [join(PROJECT, 'scripts/demo.ts')], { env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      output += chunk
    })
  }
  return { child, output: () => output }
}

const ended = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)))

describe('npm start', function () {
  this.timeout(60_000)

  it('runs a flow in which a backlog goes up and down', async () => {
    const port = await freePort()
    const { child, output } = startDemo(port)
    try {
      await until(() => /Started flows/.test(output()), 'the demo to start')
      await until(() => /Server now running/.test(output()), 'the demo to listen')
      const backlog: number[] = []
      const socket = new WebSocket(`ws://127.0.0.1:${port}/comms`)
      socket.onopen = () => socket.send(JSON.stringify({ subscribe: 'status/#' }))
      socket.onmessage = ({ data }) => {
        for (const { topic, data: status } of JSON.parse(data)) {
          if (topic !== 'status/call-events-size') continue
          backlog.push(Number.parseInt(status.text, 10))
        }
      }
      const rises = () => backlog.some((size, i) => size > (backlog[i - 1] ?? size))
      const falls = () => backlog.some((size, i) => size < (backlog[i - 1] ?? size))
      await until(() => rises() && falls(), 'the backlog to rise and fall')
      socket.close()
      assert.doesNotMatch(output(), /\[error\]/)
    } finally {
      child.kill('SIGTERM')
    }
    assert.equal(await ended(child), 0)
  })

  it('ends with the shell that npm started it in', async () => {
    const port = await freePort()
    const env = { ...process.env, PORT: String(port) }
    const command = `"${process.execPath}" "${join(PROJECT, 'scripts/demo.ts')}"; true`
    const shell = spawn('sh', ['-c', command], { env })
    let output = ''
    shell.stdout.on('data', (chunk) => {
      output += chunk
    })
    await until(() => /Server now running/.test(output), 'the demo to listen')
    shell.kill('SIGTERM')
    await until(() => /Stopped flows/.test(output), 'the demo to stop')
  })

  it('says so when the port is busy', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.on('listening', resolve))
    const { port } = server.address() as { port: number }
    const { child, output } = startDemo(port)
    assert.equal(await ended(child), 1)
    assert.match(output(), new RegExp(`Port ${port} is busy.*PORT=`))
    server.close()
  })
})
