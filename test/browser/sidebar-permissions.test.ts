/** What the sidebar shows to those who may not do everything. */
import assert from 'node:assert/strict'
import type { FlowNode } from '../support/node-red.ts'
import { describeEditor } from './in-editor.ts'
import { RequestCount, SidebarTab } from './sidebar.ts'

const flows: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Flow' },
  {
    ...{ id: 'config', type: 'mqueue', name: 'queues', engine: 'memory' },
    queues: [{ name: 'calls', deadLetter: 'lost' }, { name: 'lost' }],
  },
  {
    ...{ id: 'in', type: 'inject', z: 'tab', once: true, x: 120, y: 80, wires: [['add']] },
    props: [{ p: 'payload' }, { p: 'topic', vt: 'str' }],
    topic: 'key',
    payload: 'hello',
    payloadType: 'str',
  },
  {
    ...{ id: 'add', type: 'mq-add', z: 'tab', mqueue: 'config', queue: 'lost', queueType: 'queue' },
    ...{
      key: 'topic',
      keyType: 'msg',
      value: 'payload',
      valueType: 'msg',
      x: 300,
      y: 80,
      wires: [[]],
    },
  },
]

/** Settings in which whoever comes has some permissions. */
const settings = (permissions: string | string[]) => ({
  adminAuth: { type: 'credentials', users: [], default: { permissions } },
})
const EDITOR = ['context', 'flows', 'library', 'nodes', 'plugins', 'settings', 'status'].map(
  (what) => `${what}.read`,
)

describeEditor(
  'the sidebar for a user who may only read',
  (editorOf, it) => {
    it('has no buttons that change a queue', async () => {
      const sidebar = new SidebarTab(editorOf.editor)
      await sidebar.show()
      await sidebar.line('lost').getByText('1', { exact: true }).waitFor()
      await sidebar.open('lost')
      await sidebar.items.getByText('hello').waitFor()
      const buttons = sidebar.opened.getByRole('button')
      const names = await buttons.evaluateAll((elements) =>
        elements.map((element) => element.getAttribute('aria-label') ?? 'item'),
      )
      assert.deepEqual(names, [
        ...['All queues', 'Edit the config node', 'Read the items again', 'item'],
      ])
      await sidebar.items.locator('.mqueue-opener').click()
      await sidebar.items.locator('pre', { hasText: 'hello' }).waitFor()
      assert.deepEqual(editorOf.editor.errors, [])
    })
  },
  { flows, settings: settings('read') },
)

describeEditor(
  'the sidebar for a user who may not look at queues',
  (editorOf, it) => {
    it('says which permission is needed, and asks for nothing', async () => {
      const asked = new RequestCount(editorOf.editor, /\/mqueue\//)
      const sidebar = new SidebarTab(editorOf.editor)
      await sidebar.show()
      await sidebar.root.getByText('You need the permission mqueue.read for this.').waitFor()
      assert.equal(await sidebar.list.isVisible(), false)
      assert.equal(asked.count, 0)
      assert.deepEqual(editorOf.editor.errors, [])
    })

    it('says so as well where only the runtime knows it, and hides what it showed', async () => {
      const { editor } = editorOf
      const sidebar = new SidebarTab(editor)
      await sidebar.hide()
      await editor.value(`RED.user.hasPermission = () => true`)
      // The runtime lets this user look for a while.
      const queues = [{ name: 'calls', bound: 0, size: 1, added: 1, dropped: {} }]
      const nodes = [{ id: 'config', name: 'queues', engine: 'memory', can: ['peek'], queues }]
      await editor.page.route(/\/mqueue\/queues$/, (route) =>
        route.fulfill({ json: { time: Date.now(), nodes } }),
      )
      await sidebar.show()
      await sidebar.line('calls').waitFor()
      await sidebar.root.locator('.mqueue-notice').waitFor({ state: 'hidden' })
      await editor.page.unroute(/\/mqueue\/queues$/)
      await sidebar.root.getByText('You need the permission mqueue.read for this.').waitFor()
      await sidebar.list.waitFor({ state: 'hidden' })
    })
  },
  { flows, settings: settings(EDITOR) },
)
