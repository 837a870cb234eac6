/** Queues that are in a subflow, each instance of which has its own; and a sidebar that goes and comes with the nodes. */
import assert from 'node:assert/strict'
import type { FlowNode } from '../support/node-red.ts'
import { describeEditor } from './in-editor.ts'
import { SidebarTab } from './sidebar.ts'

const flows: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Flow' },
  { id: 'sub', type: 'subflow', name: 'Buffer', in: [], out: [] },
  {
    ...{ id: 'inner', type: 'mqueue', z: 'sub', name: 'inner queues', engine: 'memory' },
    queues: [{ name: 'calls' }],
  },
  {
    ...{ id: 'size', type: 'mq-size', z: 'sub', mqueue: 'inner', queue: 'calls' },
    ...{ queueType: 'queue', sizeTo: 'payload', x: 200, y: 80, wires: [[]] },
  },
  { id: 'one', type: 'subflow:sub', z: 'tab', name: 'first', x: 200, y: 80, wires: [] },
  { id: 'two', type: 'subflow:sub', z: 'tab', name: 'second', x: 200, y: 160, wires: [] },
]

describeEditor(
  'the sidebar with queues in a subflow',
  (editorOf, it) => {
    it('shows those of each instance, by its name', async () => {
      const sidebar = new SidebarTab(editorOf.editor)
      await sidebar.show()
      await sidebar.line('calls').nth(1).waitFor()
      const names = await sidebar.root.locator('.mqueue-line-node .mqueue-name').allInnerTexts()
      assert.deepEqual(names.sort(), ['inner queues (first)', 'inner queues (second)'])
    })

    it('leads to the nodes in the subflow, and from them to a queue', async () => {
      const { editor } = editorOf
      const sidebar = new SidebarTab(editor)
      await sidebar.line('calls').nth(1).click()
      await sidebar.opened.locator('summary').click()
      await sidebar.opened.getByRole('button', { name: /calls/ }).click()
      assert.equal(await editor.value('RED.workspaces.active()'), 'sub')
      await sidebar.button('All queues').click()
      await sidebar.root.locator('[aria-current] .mqueue-name').getByText('calls').waitFor()
    })

    it('opens the dialog of the config node in the subflow', async () => {
      const { editor } = editorOf
      const sidebar = new SidebarTab(editor)
      await sidebar.list
        .getByRole('button', { name: /^Edit the config node/ })
        .first()
        .click()
      const name = editor.page.locator('#node-config-input-name')
      await name.waitFor()
      assert.equal(await name.inputValue(), 'inner queues')
      await editor.opened()
      await editor.configDone()
      assert.deepEqual(editor.errors, [])
    })
  },
  { flows },
)

describeEditor(
  'the sidebar of nodes that are disabled',
  (editorOf, it) => {
    const has = () => editorOf.editor.value<boolean>(`RED.sidebar.containsTab('mqueue')`)

    it('goes with them, and comes back', async () => {
      const { editor, nodeRed } = editorOf
      const sidebar = new SidebarTab(editor)
      await sidebar.show()
      await sidebar.root.getByText('No queue runs.').waitFor()
      for (const enabled of [false, true]) {
        const response = await fetch(`${nodeRed.url}/nodes/@mqueue/node-red-mqueue/mqueue`, {
          method: 'PUT',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ enabled }),
        })
        assert.equal(response.status, 200, await response.text())
        await editor.page.waitForFunction(`!!RED.sidebar.containsTab('mqueue') === ${enabled}`)
      }
      assert.ok(await has())
      await sidebar.show()
      await sidebar.root.getByText('No queue runs.').waitFor()
    })
  },
  { flows: [] },
)
