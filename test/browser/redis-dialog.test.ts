/** The dialog of a config node whose queues live in Redis, with a real Redis behind it. */
import assert from 'node:assert/strict'
import { freePort } from '../support/free-port.ts'
import { HAS_REDIS, RedisServer } from '../support/redis-servers.ts'
import { requires } from '../support/required.ts'
import { assertAccessible } from './accessibility.ts'
import { oneOfEach } from './flows.ts'
import { describeEditor, type InEditor } from './in-editor.ts'
import { QueueDialog } from './queue-dialog.ts'

const flows = oneOfEach([{ name: 'calls', dbmode: 4 }])
flows.push(
  { id: 'other', type: 'mqueue', name: 'other', engine: 'magic', queues: [{ name: 'calls' }] },
  { id: 'of-other', type: 'mq-size', z: 'tab', mqueue: 'other', queue: 'calls', x: 480, y: 320 },
)
const NEVER_GIVEN = 'pass-secret'

const engine = (dialog: QueueDialog) => dialog.form.locator('#node-config-input-engine')
const input = (dialog: QueueDialog, name: string) =>
  dialog.form.locator(`#node-config-input-${name}`)

async function open({ editor }: InEditor, id = 'size'): Promise<QueueDialog> {
  await editor.edit(id)
  return QueueDialog.open(editor)
}

async function close({ editor }: InEditor, dialog: QueueDialog): Promise<void> {
  await dialog.done()
  await editor.done()
}

/** What the test of the connection says. */
async function tested(dialog: QueueDialog): Promise<string> {
  await dialog.form.locator('#mqueue-redis-test').click()
  const found = dialog.form.locator('#mqueue-redis-found', { hasText: /onnected/ })
  await found.waitFor()
  return found.innerText()
}

describe('the dialog with Redis', () => {
  requires(HAS_REDIS, 'apt-get install redis-server')
  let redis: RedisServer
  before(async () => {
    redis = await RedisServer.start({
      password: NEVER_GIVEN,
      settings: { appendonly: 'yes' },
    })
  })
  after(() => redis?.stop())
  const url = (who = '') => `redis://${who}127.0.0.1:${redis.port}`

  describeEditor(
    'the dialog of a config node',
    (shared, it) => {
      it('shows the fields of the engine that is chosen, and no others', async () => {
        const dialog = await open(shared)
        assert.equal(await engine(dialog).inputValue(), 'memory')
        const visible = async () => {
          const fields = ['redisUrl', 'prefix', 'tls', 'dbUrl', 'user', 'password']
          const shown = await Promise.all(fields.map((name) => input(dialog, name).isVisible()))
          return fields.filter((_, index) => shown[index])
        }
        assert.deepEqual(await visible(), ['dbUrl', 'user', 'password'])
        assert.equal(await dialog.field(0, 'dbmode').isVisible(), true)
        await engine(dialog).selectOption({ label: 'Redis, shared' })
        assert.deepEqual(await visible(), ['redisUrl', 'prefix', 'tls', 'user', 'password'])
        assert.equal(await dialog.field(0, 'dbmode').isVisible(), false)
        await dialog.add('later')
        assert.equal(await dialog.field(1, 'dbmode').isVisible(), false)
        await assertAccessible(shared.editor, '#mqueue-config')
        await engine(dialog).selectOption({ label: 'this Node-RED' })
        assert.deepEqual(await visible(), ['dbUrl', 'user', 'password'])
        assert.equal(await dialog.field(0, 'dbmode').inputValue(), '4')
        await close(shared, dialog)
        assert.equal(await shared.editor.value('RED.nodes.node("config").queues[0].dbmode'), 4)
      })

      it('says what is wrong while it is typed', async () => {
        const dialog = await open(shared)
        await engine(dialog).selectOption('redis')
        for (const [name, bad, reason, good] of [
          ['redisUrl', 'http://h', /must be blank, redis:\/\/host/, 'redis+cluster://a:1,b:2'],
          ['redisUrl', 'redis://h/x', /database must be a whole number/, ''],
          ['prefix', 'a:b', /prefix must be 1 to 64 letters/, 'calls.1'],
        ] as const) {
          await input(dialog, name).pressSequentially(bad)
          const problem = dialog.form.locator(`#mqueue-${name}-problem`)
          assert.match(await problem.innerText(), reason)
          assert.equal(await input(dialog, name).getAttribute('aria-invalid'), 'true')
          assert.match((await input(dialog, name).getAttribute('class')) ?? '', /input-error/)
          await input(dialog, name).fill(good)
          assert.equal(await problem.innerText(), '')
          await input(dialog, name).fill('')
        }
        await engine(dialog).selectOption('memory')
        await close(shared, dialog)
      })

      it('tests the connection', async () => {
        const dialog = await open(shared)
        await engine(dialog).selectOption('redis')
        await input(dialog, 'redisUrl').fill(`redis://127.0.0.1:${await freePort()}`)
        assert.match(await tested(dialog), /^Not connected\. Redis at redis:.* ECONNREFUSED/)
        await input(dialog, 'redisUrl').fill(url())
        assert.equal(await dialog.form.locator('#mqueue-redis-found').innerText(), '')
        assert.match(await tested(dialog), /^Not connected\. .*NOAUTH/)
        await input(dialog, 'redisUrl').fill(url(`:${NEVER_GIVEN}@`))
        const found = await tested(dialog)
        assert.match(found, /^Connected: (Redis|Valkey) \d.* logs every change.* evicts nothing/)
        await assertAccessible(shared.editor, '#mqueue-config')
        await close(shared, dialog)
        // The browser says so as well of a server that answers with an error, and none has.
        assert.deepEqual(shared.editor.errors, [])
      })

      it('has moved the password out of the address, and kept no dbmode', async () => {
        const { editor } = shared
        const saved =
          'JSON.stringify(RED.nodes.createExportableNodeSet([RED.nodes.node("config")]))'
        assert.doesNotMatch(await editor.value<string>(saved), /secret/)
        const value = (property: string) => editor.value(`RED.nodes.node("config").${property}`)
        assert.equal(await value('redisUrl'), url())
        assert.equal(await value('engine'), 'redis')
        assert.deepEqual(await value('queues.map(({ dbmode }) => dbmode || 0)'), [0, 0])
        assert.equal(await value('valid'), true)
      })

      it('tests with the password that is stored', async () => {
        await shared.editor.deploy()
        const dialog = await open(shared)
        assert.equal(await input(dialog, 'password').inputValue(), '__PWRD__')
        assert.match(await tested(dialog), /^Connected: /)
        await close(shared, dialog)
      })

      it('keeps an engine that is not known', async () => {
        const dialog = await open(shared, 'of-other')
        assert.equal(await engine(dialog).inputValue(), 'magic')
        assert.equal(await input(dialog, 'redisUrl').isVisible(), false)
        await dialog.add('more')
        await close(shared, dialog)
        assert.equal(await shared.editor.value('RED.nodes.node("other").engine'), 'magic')
      })
    },
    { flows },
  )
})
