/** The dialogs where queues are those of a live Kamailio, with a real Kamailio behind them. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Node-RED writes them
import assert from 'node:assert/strict'
import { Front } from '../kamailio/front.ts'
import { kamailioVersion, Rig } from '../kamailio/rig.ts'
import { freePort } from '../support/free-port.ts'
import { requires } from '../support/required.ts'
import { assertAccessible } from './accessibility.ts'
import { oneOfEach } from './flows.ts'
import { describeEditor, type InEditor } from './in-editor.ts'
import { QueueDialog } from './queue-dialog.ts'

const flows = oneOfEach([
  { name: 'calls', dbmode: 4, addmode: 1, attempts: 3, deadLetter: 'dead' },
  { name: 'dead' },
])
flows.push({ id: 'maybe', type: 'mqueue', engine: '${ENGINE}', queues: [{ name: 'calls' }] })
flows.push({ id: 'here', type: 'mqueue', name: 'here', queues: [{ name: 'calls' }] })

const PASSWORD = 'pass-secret'
const FIELDS = [
  ...['redisUrl', 'prefix', 'rpcUrl', 'poll', 'tls', 'mqueueSize', 'mqueueAddmode'],
  ...['dbUrl', 'user', 'password'],
]
const IN_KAMAILIO = ['rpcUrl', 'poll', 'user', 'password']

const input = (dialog: QueueDialog, name: string) =>
  dialog.form.locator(`#node-config-input-${name}`)

async function open({ editor }: InEditor): Promise<QueueDialog> {
  await editor.edit('size')
  return QueueDialog.open(editor)
}

async function close({ editor }: InEditor, dialog: QueueDialog): Promise<void> {
  await dialog.done()
  await editor.done()
}

/** What the button that asks Kamailio has said in the end. */
async function asked(dialog: QueueDialog): Promise<string> {
  await dialog.form.locator('#mqueue-kamailio-ask').click()
  const found = dialog.form.locator('#mqueue-kamailio-found', { hasText: /[^…]$/ })
  await found.waitFor()
  return found.innerText()
}

const withUser = (url: string, password: string) => url.replace('://', `://me:${password}@`)

const names = (dialog: QueueDialog) =>
  dialog.rows
    .locator('.mqueue-name')
    .evaluateAll((all) => all.map((one) => Reflect.get(one, 'value')))

describe('the dialogs with a live Kamailio', () => {
  requires(kamailioVersion() !== undefined, 'apt-get install kamailio')
  let kamailio: Rig
  /** Serves a page to everyone. */
  let page: Front
  /** Asks for a user and a password. */
  let guarded: Front
  before(async () => {
    kamailio = await Rig.start({ queues: ['name=calls', 'name=events;size=5', 'name=e-mail'] })
    for (const key of ['a', 'b', 'c']) {
      await kamailio.play({ op: 'add', q: 'events', key, val: key })
    }
    const port = () => kamailio.port
    page = await Front.start(port)
    page.rule = () => ({
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<!doctype html><title>Welcome</title>',
    })
    guarded = await Front.start(port, { login: `me:${PASSWORD}` })
  })
  after(async () => {
    await page?.stop()
    await guarded?.stop()
    await kamailio?.stop()
  })

  describeEditor(
    'the dialog of a config node',
    (shared, it) => {
      const visible = async (dialog: QueueDialog) => {
        const shown = await Promise.all(FIELDS.map((name) => input(dialog, name).isVisible()))
        return FIELDS.filter((_, index) => shown[index])
      }
      const config = <T>(property: string) =>
        shared.editor.value<T>(`RED.nodes.node("config").${property}`)

      it('shows what has an effect in Kamailio, and nothing else', async () => {
        const dialog = await open(shared)
        const parts = ['addmode', 'dbmode', 'attempts'] as const
        const before = await visible(dialog)
        await input(dialog, 'engine').selectOption({ label: 'a live Kamailio' })
        assert.deepEqual(await visible(dialog), IN_KAMAILIO)
        for (const part of parts) assert.equal(await dialog.field(0, part).isVisible(), false, part)
        assert.equal(await dialog.failures(0).isVisible(), false)
        assert.equal(await dialog.field(0, 'size').isVisible(), true)
        assert.equal(await dialog.field(0, 'size').getAttribute('placeholder'), 'as in Kamailio')
        assert.equal(await dialog.form.locator('#mqueue-export-open').isVisible(), false)
        await input(dialog, 'rpcUrl').fill('https://kamailio.example/RPC')
        assert.deepEqual(await visible(dialog), [
          ...IN_KAMAILIO.slice(0, 2),
          'tls',
          'user',
          'password',
        ])
        await assertAccessible(shared.editor, '#mqueue-config')
        await input(dialog, 'rpcUrl').fill('')
        assert.deepEqual(await visible(dialog), IN_KAMAILIO)
        await input(dialog, 'engine').selectOption({ label: 'Redis, shared' })
        assert.deepEqual(await visible(dialog), [
          ...['redisUrl', 'prefix', 'tls', 'mqueueSize', 'mqueueAddmode', 'user', 'password'],
        ])
        await input(dialog, 'engine').selectOption({ label: 'this Node-RED' })
        assert.deepEqual(await visible(dialog), before)
        await close(shared, dialog)
        const { dbmode, addmode, attempts, deadLetter } =
          await config<Record<string, unknown>>('queues[0]')
        assert.deepEqual([dbmode, addmode, attempts, deadLetter], [4, 1, 3, 'dead'])
      })

      it('says what is wrong while it is typed', async () => {
        const dialog = await open(shared)
        await input(dialog, 'engine').selectOption('kamailio')
        for (const [name, bad, reason, good] of [
          ['rpcUrl', 'ftp://h', /must be blank, or http:/, 'http://h:5060/RPC'],
          ['rpcUrl', 'http://h:0', /a port from 1 to 65535/, '${KAMAILIO}'],
          ['poll', '0', /from 0.01 to 3600/, '0.5'],
          ['poll', 'often', /from 0.01 to 3600/, '${POLL}'],
        ] as const) {
          await input(dialog, name).fill('')
          await input(dialog, name).pressSequentially(bad)
          const problem = dialog.form.locator(`#mqueue-${name}-problem`)
          assert.match(await problem.innerText(), reason)
          assert.equal(await input(dialog, name).getAttribute('aria-invalid'), 'true')
          await input(dialog, name).fill(good)
          assert.equal(await problem.innerText(), '', good)
          assert.equal(await input(dialog, name).getAttribute('aria-invalid'), null)
        }
        await input(dialog, 'rpcUrl').fill('')
        await input(dialog, 'poll').fill('1')
        await input(dialog, 'engine').selectOption('memory')
        await close(shared, dialog)
      })

      it('takes from a kamailio.cfg what has an effect', async () => {
        const dialog = await open(shared)
        await input(dialog, 'engine').selectOption('kamailio')
        await dialog.form.locator('#mqueue-import-open').click()
        const cfg = [
          'modparam("mqueue", "db_url", "mysql://kam:pw@db.example/mq")',
          'modparam("mqueue", "mqueue", "name=sms;size=100;addmode=2;dbmode=1")',
          'modparam("mqueue", "mqueue", "name=fax")',
        ]
        await dialog.form.locator('#mqueue-import-text').fill(cfg.join('\n'))
        const preview = dialog.form.locator('#mqueue-import-preview li')
        assert.deepEqual(await preview.allInnerTexts(), ['"sms": at most 100 items', '"fax"'])
        await dialog.form.locator('#mqueue-import-cancel').click()
        await input(dialog, 'engine').selectOption('memory')
        await close(shared, dialog)
      })

      it('says why Kamailio did not answer', async () => {
        const dialog = await open(shared)
        await input(dialog, 'engine').selectOption('kamailio')
        for (const [url, reason] of [
          [`http://127.0.0.1:${await freePort()}/RPC`, /the connection was refused/],
          [page.url, /HTML/],
          [guarded.url, /401/],
          [withUser(guarded.url, 'not-the-word'), /401/],
          [kamailio.url.replace('/RPC', '/other'), /404/],
          ['http://h:x', /cannot be used/],
        ] as const) {
          await input(dialog, 'rpcUrl').fill(url)
          assert.equal(await dialog.form.locator('#mqueue-kamailio-found').innerText(), '')
          const said = await asked(dialog)
          assert.match(said, /^No queues found\. /)
          assert.match(said, reason)
          assert.doesNotMatch(said, /not-the-word/)
        }
        await assertAccessible(shared.editor, '#mqueue-config')
        assert.deepEqual(await names(dialog), ['calls', 'dead'])
        await input(dialog, 'rpcUrl').fill('')
        await input(dialog, 'engine').selectOption('memory')
        await close(shared, dialog)
      })

      it('fills the list with the queues of Kamailio', async () => {
        const dialog = await open(shared)
        await input(dialog, 'engine').selectOption('kamailio')
        await input(dialog, 'rpcUrl').fill(withUser(guarded.url, PASSWORD))
        assert.equal(
          await asked(dialog),
          'Kamailio has 3 queues. Added to the list: 2. In the list, and not in Kamailio: "dead".',
        )
        assert.equal(
          await shared.editor.value('document.activeElement.id'),
          'mqueue-kamailio-ask',
          'the button has lost the focus',
        )
        assert.deepEqual((await names(dialog)).toSorted(), ['calls', 'dead', 'e-mail', 'events'])
        for (const row of [0, 1, 2, 3]) assert.equal(await dialog.problem(row), '')
        await dialog.rows.nth(1).locator('.red-ui-editableList-item-remove').click()
        await dialog.rows.nth(3).waitFor({ state: 'detached' })
        assert.equal(await asked(dialog), 'Kamailio has 3 queues. The list has all of them.')
        assert.equal((await names(dialog)).length, 3)
        await assertAccessible(shared.editor, '#mqueue-config')
        await close(shared, dialog)
      })

      it('has moved the password out of the address, and kept what has an effect', async () => {
        const saved =
          'JSON.stringify(RED.nodes.createExportableNodeSet([RED.nodes.node("config")]))'
        assert.doesNotMatch(await shared.editor.value<string>(saved), /secret/)
        assert.equal(await config('rpcUrl'), guarded.url)
        assert.deepEqual(
          await config<object[]>('queues.map(({ id, edited, ...kept }) => kept)').then(
            (all) => all[0],
          ),
          { name: 'calls', size: '', dbmode: 0 },
        )
        assert.equal(await config('valid'), true)
      })

      // What follows is in the dialogs of the flow nodes.
      const field = (property: string) => shared.editor.page.locator(`#node-input-${property}`)
      const typed = (property: string) =>
        shared.editor.page.locator(`#node-input-${property} + .red-ui-typedInput-container`)
      const reason = (property: string) => shared.editor.page.locator(`#mqueue-${property}-problem`)
      const isValid = (id: string) => shared.editor.value<boolean>(`RED.nodes.node("${id}").valid`)
      const faults = (id: string) =>
        shared.editor.value<string>(`RED.nodes.node("${id}").validationErrors.join(' ')`)
      /** The properties whose fields can be used. */
      const usable = async (...properties: string[]) => {
        const seen = properties.map(async (one) => {
          const parts = typed(one).locator('button:visible, input:visible')
          const isTyped = (await typed(one).count()) > 0
          const isEnabled = isTyped ? parts.first().isEnabled() : field(one).isEnabled()
          return (await isEnabled) ? [one] : []
        })
        return (await Promise.all(seen)).flat()
      }
      const chooseConfig = (id: string) => field('mqueue').selectOption(id)

      it('marks the nodes that cannot do what they are set to', async () => {
        for (const [id, said] of [
          ['add', /Kamailio has no RPC that adds items/],
          ['ack', /there is nothing to acknowledge/],
          ['consume', /can only be taken for good/],
          ['control', /Only the statistics of its queues/],
        ] as const) {
          assert.equal(await isValid(id), false, id)
          assert.match(await faults(id), said)
        }
        for (const id of ['fetch', 'size', 'free']) assert.equal(await isValid(id), true, id)
      })

      it('mq-add: can do nothing, and says why', async () => {
        await shared.editor.edit('add')
        const parts = ['queue', 'key', 'value', 'dropped']
        assert.deepEqual(await usable(...parts), [])
        assert.match(await reason('queue').innerText(), /^Kamailio has no RPC that adds items\./)
        const described = await typed('key')
          .locator('button')
          .first()
          .getAttribute('aria-describedby')
        assert.equal(described, 'mqueue-queue-problem')
        await assertAccessible(shared.editor, '#mqueue-node')
        for (const other of ['here', 'maybe']) {
          await chooseConfig(other)
          assert.deepEqual(await usable(...parts), parts)
          assert.equal(await reason('queue').innerText(), '')
          await chooseConfig('config')
          assert.deepEqual(await usable(...parts), [])
        }
        await chooseConfig('here')
        await shared.editor.done()
        assert.equal(await isValid('add'), true)
      })

      it('mq-ack: can do nothing, and says why', async () => {
        await shared.editor.edit('ack')
        assert.deepEqual(await usable('action', 'delay', 'lease', 'leaseFrom'), [])
        assert.match(await reason('action').innerText(), /^Kamailio has no leases/)
        await assertAccessible(shared.editor, '#mqueue-node')
        await chooseConfig('here')
        assert.deepEqual(await usable('action', 'leaseFrom'), ['action', 'leaseFrom'])
        await shared.editor.done()
        assert.equal(await isValid('ack'), true)
      })

      it('mq-consume: its items go for good only', async () => {
        await shared.editor.edit('consume')
        const manual = field('ack').locator('option[value=manual]')
        assert.equal(await manual.isDisabled(), true)
        assert.deepEqual(await usable('ack', 'inFlight', 'lease', 'rate', 'count'), [
          'ack',
          'rate',
          'count',
        ])
        assert.match(await reason('ack').innerText(), /^Kamailio has no leases\. /)
        assert.match((await field('ack').getAttribute('class')) ?? '', /input-error/)
        assert.match((await reason('ack').getAttribute('class')) ?? '', /mqueue-problem/)
        await assertAccessible(shared.editor, '#mqueue-node')
        await field('ack').selectOption('auto')
        assert.doesNotMatch((await field('ack').getAttribute('class')) ?? '', /input-error/)
        assert.doesNotMatch((await reason('ack').getAttribute('class')) ?? '', /mqueue-problem/)
        await shared.editor.done()
        assert.equal(await isValid('consume'), true)
      })

      it('mq-fetch: takes no lease, and one that is set can be corrected', async () => {
        await shared.editor.edit('fetch')
        assert.deepEqual(await usable('wait', 'count', 'lease'), ['wait', 'count'])
        assert.match(await reason('lease').innerText(), /^Kamailio has no leases\. /)
        await chooseConfig('here')
        await field('lease').fill('60')
        await chooseConfig('config')
        assert.deepEqual(await usable('lease'), ['lease'])
        assert.match((await field('lease').getAttribute('class')) ?? '', /input-error/)
        await field('lease').fill('')
        await field('lease').blur()
        assert.deepEqual(await usable('lease'), [])
        await shared.editor.done()
        assert.equal(await isValid('fetch'), true)
      })

      it('mq-control: tells the statistics, and offers nothing else', async () => {
        await shared.editor.edit('control')
        const choose = typed('action').locator('.red-ui-typedInput-option-trigger')
        await choose.click()
        const menu = shared.editor.page.locator('.red-ui-typedInput-options:visible a')
        await menu.first().waitFor()
        const offered = await menu.evaluateAll((all) =>
          all.filter((one) => one.ariaDisabled !== 'true').map((one) => one.getAttribute('value')),
        )
        assert.deepEqual(offered, ['stats'])
        assert.equal(
          await menu.first().getAttribute('aria-describedby'),
          await reason('action').getAttribute('id'),
        )
        const one = (value: string) =>
          shared.editor.page.locator(`.red-ui-typedInput-options:visible a[value="${value}"]`)
        await one('clear').click({ force: true })
        assert.equal(await field('action').inputValue(), 'peek')
        await one('clear').press('Enter')
        assert.equal(await field('action').inputValue(), 'peek')
        await one('stats').click()
        assert.equal(await field('action').inputValue(), 'stats')
        await assertAccessible(shared.editor, '#mqueue-node')
        await chooseConfig('here')
        await choose.click()
        await one('clear').click()
        assert.equal(await field('action').inputValue(), 'clear')
        await chooseConfig('config')
        assert.match((await typed('action').getAttribute('class')) ?? '', /input-error/)
        await choose.click()
        await one('stats').click()
        await shared.editor.done()
        assert.equal(await isValid('control'), true)
      })

      it('mq-size: tells nothing of leases', async () => {
        await shared.editor.edit('size')
        assert.deepEqual(await usable('queue', 'sizeTo', 'leased'), ['queue', 'sizeTo'])
        await chooseConfig('here')
        await field('leased').check()
        await chooseConfig('config')
        assert.deepEqual(await usable('leased'), ['leased'])
        assert.match((await reason('leased').getAttribute('class')) ?? '', /mqueue-problem/)
        await shared.editor.done()
        assert.equal(await isValid('size'), false)
        await shared.editor.edit('size')
        await field('leased').uncheck()
        assert.deepEqual(await usable('leased'), [])
        await shared.editor.done()
        assert.equal(await isValid('size'), true)
      })

      it('shows what is there, once it is deployed', async () => {
        const { editor } = shared
        await editor.edit('size')
        await editor.chooseQueue('events')
        await editor.done()
        await editor.deploy()
        await editor.page.waitForFunction(`RED.nodes.node("size").status?.text === '3'`)
      })

      it('asks with the password that is stored', async () => {
        const dialog = await open(shared)
        assert.equal(await input(dialog, 'password').inputValue(), '__PWRD__')
        assert.match(await asked(dialog), /^Kamailio has 3 queues\./)
        await close(shared, dialog)
        assert.deepEqual(shared.editor.errors, [])
      })

      it('follows when the config node is changed from there', async () => {
        await shared.editor.edit('fetch')
        assert.deepEqual(await usable('lease'), [])
        const dialog = await QueueDialog.open(shared.editor)
        await input(dialog, 'engine').selectOption('memory')
        await dialog.done()
        // Node-RED passes it to the dialog below a little later.
        await shared.editor.page.locator('#node-input-lease:enabled').waitFor()
        assert.equal(await reason('lease').innerText(), '')
        await shared.editor.done()
        assert.deepEqual(shared.editor.errors, [])
      })
    },
    { flows },
  )
})
