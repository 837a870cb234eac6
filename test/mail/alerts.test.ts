/** The example that mails, with a real mail node and a real SMTP server. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { OverHttp } from '../examples/over-http.ts'
import { freePort } from '../support/free-port.ts'
import {
  type FlowNode,
  LINES,
  type Line,
  makeUserDir,
  PROJECT,
  until,
} from '../support/node-red.ts'
import { MailServer } from './mail-server.ts'

const HERE = import.meta.dirname
const MAIL_NODE = 'node-red-node-email'
const MODULE = join(HERE, 'node_modules', MAIL_NODE)
const EXAMPLE = 'needs-node-red-node-email/alerts-by-mail'
const read = (name: string): FlowNode[] =>
  JSON.parse(readFileSync(join(PROJECT, 'examples', `${name}.json`), 'utf8'))

const FULL = 'The queue orders is nearly full'
const OLD = 'Orders wait too long'
const FAILED = 'Orders were given up'
/** Tells each time that the age of the oldest order was asked for. */
const ASKED = [
  { id: 'count', type: 'complete', z: 'mailed-tab', scope: ['mailed-stats'], wires: [['asked']] },
  { id: 'asked', type: 'debug', z: 'mailed-tab', name: 'asked', active: true, tosidebar: true },
].map((node, i) => ({ complete: 'payload', x: 1_000, y: 100 * (i + 1), ...node }))

/** The example, with other values in the environment of its flow. */
function example(values: Record<string, string>): FlowNode[] {
  const flow = read(EXAMPLE).map((node) => {
    if (node.type !== 'tab') return node
    const env = node.env as { name: string; value: string }[]
    return { ...node, env: env.map((one) => ({ ...one, value: values[one.name] ?? one.value })) }
  })
  return [...flow, ...ASKED]
}

/** A user directory in which the mail node is installed. */
function userDirWithMail(): string {
  const userDir = makeUserDir()
  symlinkSync(MODULE, join(userDir, 'node_modules', MAIL_NODE), 'junction')
  return userDir
}

describe('the example that mails', function () {
  this.timeout(180_000)
  before(function () {
    this.timeout(300_000)
    if (existsSync(MODULE)) return
    // Its lock file would not be taken: one of the packages that it bundles asks for another version than it has.
    const options = ['--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund']
    execFileSync('npm', ['install', '--prefix', HERE, ...options], { stdio: 'ignore' })
  })

  it('is the one without mail, and the nodes that mail', () => {
    const all = (name: string, prefix: string) =>
      read(name).map((node) => JSON.parse(JSON.stringify(node).replaceAll(`"${prefix}-`, '"')))
    const mails = new Map(all(EXAMPLE, 'mailed').map((node) => [node.id, node]))
    for (const { id, ...plain } of all('alerts-without-polling', 'alerts')) {
      if (['tab', 'queues', 'c4'].includes(id)) continue
      const { id: _, ...mailing } = mails.get(id) ?? assert.fail(id)
      const isAlert = JSON.stringify(plain.wires).includes('"alarm"')
      const wires = isAlert ? [[...plain.wires[0], 'whom'], ...plain.wires.slice(1)] : plain.wires
      assert.deepEqual(mailing, { ...plain, wires }, id)
    }
  })

  it('names the module of each node that it needs, for the editor to install', () => {
    const { modules } = read(EXAMPLE).find(({ type }) => type === 'global-config') as FlowNode
    const { version, name } = JSON.parse(readFileSync(join(MODULE, 'package.json'), 'utf8'))
    assert.deepEqual(modules, { [name]: version })
  })

  it('shares no id with another example', () => {
    const plain = new Set(read('alerts-without-polling').map(({ id }) => id))
    for (const { id } of read(EXAMPLE)) assert.ok(!plain.has(id), id)
  })

  for (const line of Object.keys(LINES) as Line[]) {
    it(`mails each alert once, and again when all was well, in Node-RED ${line}`, async () => {
      const server = await MailServer.start()
      const values = { ALERT_AGE: '2', MAIL_PORT: String(server.port), MAIL_TO: 'ada@example.org' }
      const hands = await OverHttp.start(example(values), { line, userDir: userDirWithMail() })
      const shows = (id: string, text: string) =>
        until(() => hands.statusOf(`mailed-${id}`) === text, `${id} to show ${text}`)
      try {
        for (const times of [1, 2]) {
          await hands.press('order', 8)
          await server.received(FULL, times)
          await server.received(OLD, times)
          await hands.press('burn')
          await server.received(FAILED, times)
          await hands.press('burn')
          await hands.press('order', 3)
          await shows('add', '9 / 10')
          await shows('cleared', '2')
          await hands.press('throw away')
          await hands.press('serve', 9)
          await shows('add', '0 / 10')
          await shows('cleared', '0')
        }
        assert.deepEqual(
          [FULL, OLD, FAILED].map((subject) => server.count(subject)),
          [2, 2, 2],
        )
        const { from, to, text } = server.last(FAILED)
        assert.deepEqual([from, to], ['node-red@example.org', 'ada@example.org'])
        assert.match(text, /^1 in the dead letter queue failed\.$/m)
        assert.match(server.last(OLD).text, /^The oldest of \d orders waits for [2-9] seconds\.$/m)
        assert.doesNotMatch(hands.log, /\[error\]/)
      } finally {
        await hands.stop()
        await server.stop()
      }
    })
  }

  it('asks for the age when it can be too old, and not while nothing can have changed', async () => {
    const server = await MailServer.start()
    const values = { ALERT_AGE: '4', MAIL_PORT: String(server.port) }
    const hands = await OverHttp.start(example(values), { userDir: userDirWithMail() })
    try {
      await hands.press('order')
      await server.received(OLD, 1)
      // At once, after the four seconds, and once more for what may have changed since; a poll would be at 4 or more.
      const asked = hands.shown('asked')
      assert.ok(asked >= 2 && asked <= 4, `${asked}`)
    } finally {
      await hands.stop()
      await server.stop()
    }
  })

  it('mails later what could not be mailed while the server was away', async () => {
    const port = await freePort()
    const values = { MAIL_PORT: String(port), MAIL_RETRY: '0.5' }
    const hands = await OverHttp.start(example(values), { userDir: userDirWithMail() })
    let server: MailServer | undefined
    try {
      await hands.press('order')
      await hands.press('burn')
      assert.match(await hands.next('not mailed'), /^Orders were given up: .*ECONNREFUSED/)
      server = await MailServer.start(port)
      await server.received(FAILED, 1)
    } finally {
      await hands.stop()
      await server?.stop()
    }
  })
})
