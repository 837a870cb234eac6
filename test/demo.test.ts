import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHROMIUM, Editor } from './browser/editor.ts'
import { freePort } from './support/free-port.ts'
import { PROJECT, until } from './support/node-red.ts'
import { requires } from './support/required.ts'

const SCRIPT = join(PROJECT, 'scripts/demo.ts')

/** The user directory of the demo, another one for each test. */
let userDir: string

function startDemo(port: number): { child: ChildProcess; output: () => string } {
  const env = { ...process.env, PORT: String(port) }
  const child = spawn(process.execPath, [SCRIPT, userDir], { env })
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
  this.timeout(180_000)
  beforeEach(() => {
    userDir = mkdtempSync(join(tmpdir(), 'mqueue-demo-'))
  })
  afterEach(() => rmSync(userDir, { recursive: true, force: true, maxRetries: 5 }))

  it('runs a flow in which a backlog goes up and down', async () => {
    const port = await freePort()
    const { child, output } = startDemo(port)
    try {
      await until(() => /The demo runs/.test(output()), 'the demo to say where it is')
      const announced = output().slice(output().indexOf('The demo runs'))
      assert.match(announced, new RegExp(`http://127.0.0.1:${port}/#flow/call-events-tab `))
      assert.match(announced, /look at the tab "Slow worker"/)
      for (const before of ['Started flows', 'Server now running']) {
        assert.ok(output().indexOf(before) < output().indexOf('The demo runs'), before)
      }
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

  describe('in the browser', function () {
    this.timeout(180_000)
    requires(CHROMIUM !== undefined, 'apt-get install chromium')

    it('shows a slow worker, and has the browser complain about nothing', async () => {
      const port = await freePort()
      const { child, output } = startDemo(port)
      let editor: Editor | undefined
      try {
        await until(() => /The demo runs/.test(output()), 'the demo to run')
        const [address = ''] = /http:\S+/.exec(output().split('Open ')[1] ?? '') ?? []
        editor = await Editor.open(address)
        assert.equal(await editor.value('RED.workspaces.active()'), 'call-events-tab')
        // What comes while a slow computer still loads the editor, the editor itself may stumble over.
        const devtools = await editor.page.context().newCDPSession(editor.page)
        await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 })
        await editor.page.goto('about:blank')
        await editor.visit(address)
        const shows = async (id: string, text: RegExp) => {
          const shown = `RED.nodes.node(${JSON.stringify(id)}).status?.text`
          await editor?.page.waitForFunction(`${text}.test(${shown})`)
        }
        await shows('call-events-did-not-fit', /^\d+ calls? did not fit$/)
        await shows('call-events-consume', /^1 in flight, \d+/)
        await shows('call-events-handled', /^[0-9a-f]+$/)
        assert.deepEqual(editor.errors, [])
        assert.deepEqual(editor.warnings, [])
        // `errors` has nothing of a tip that comes too early.
        assert.equal(await editor.page.locator('.show-tips').count(), 0)
      } finally {
        await editor?.close()
        child.kill('SIGTERM')
      }
      assert.equal(await ended(child), 0)
    })
  })

  it('ends with the shell that npm started it in', async () => {
    const port = await freePort()
    const env = { ...process.env, PORT: String(port) }
    const command = `"${process.execPath}" "${SCRIPT}" "${userDir}"; true`
    const shell = spawn('sh', ['-c', command], { env })
    let output = ''
    shell.stdout.on('data', (chunk) => {
      output += chunk
    })
    await until(() => /The demo runs/.test(output), 'the demo to run')
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
