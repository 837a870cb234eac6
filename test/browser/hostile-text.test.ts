import assert from 'node:assert/strict'
import { oneOfEach } from './flows.ts'
import { describeEditor } from './in-editor.ts'
import { QueueDialog } from './queue-dialog.ts'

const HOSTILE = '<img src=data:, onerror=window.harmed=1><script>window.harmed=1</script>'

const flows = [
  ...oneOfEach([{ name: HOSTILE }, { name: 'calls', size: HOSTILE }], { name: HOSTILE }).map(
    (node) => (node.id === 'fetch' ? { ...node, queue: HOSTILE } : node),
  ),
  { id: 'in', type: 'inject', z: 'tab', name: 'in', x: 120, y: 400, wires: [['add', 'fetch']] },
]

describeEditor(
  'html and script in names is shown as text',
  (shared, it) => {
    /** Asserts that nothing of what the page shows was run. */
    const assertHarmless = async () => {
      // A picture that fails now fails after all those that came into the page before it.
      await shared.editor.value(
        `new Promise((resolve) => { Object.assign(new Image(), { onerror: resolve, src: 'data:,' }) })`,
      )
      assert.equal(await shared.editor.value('window.harmed'), undefined)
      assert.deepEqual(shared.editor.errors, [])
    }

    it('on the canvas, while the nodes show that something is wrong', async () => {
      const { editor } = shared
      await editor.node('fetch').getByText(HOSTILE.slice(0, 20)).first().waitFor()
      await editor.inject('in')
      for (const id of ['add', 'fetch']) {
        await editor.node(id).locator('.red-ui-flow-node-status-group').getByText(/\w/).waitFor()
      }
      await assertHarmless()
    })

    it('in the dialogs', async () => {
      const { editor } = shared
      await editor.edit('fetch')
      await editor.page
        .locator('#node-input-queue + .red-ui-typedInput-container')
        .getByText('<img')
        .waitFor()
      const dialog = await QueueDialog.open(editor)
      assert.equal(await dialog.field(0, 'name').inputValue(), HOSTILE)
      assert.notEqual(await dialog.problem(0), '')
      await assertHarmless()
    })

    it('in the import and in the export', async () => {
      const { form } = new QueueDialog(shared.editor)
      await form.locator('#mqueue-import-open').click()
      const lines = [
        `modparam("mqueue", "mqueue_name", "${HOSTILE}")`,
        `modparam("mqueue", "${HOSTILE}", "x")`,
        `modparam("mqueue", "mqueue", "name=${HOSTILE}")`,
        `modparam("mqueue", "db_url", "${HOSTILE}")`,
      ]
      await form.locator('#mqueue-import-text').fill(lines.join('\n'))
      const preview = form.locator('#mqueue-import-preview')
      assert.equal(await preview.locator('li').count(), lines.length)
      await preview.getByText('<img').first().waitFor()
      assert.equal(await form.locator('img, script').count(), 0)
      await form.locator('#mqueue-import-cancel').click()
      await form.locator('#mqueue-export-open').click()
      await assertHarmless()
    })

    it('and the queue that is named so stays chosen', async () => {
      const { editor } = shared
      await editor.configDone()
      await editor.done()
      const chosen = await editor.value('RED.nodes.node("fetch").queue')
      assert.equal(chosen, HOSTILE)
      await assertHarmless()
    })
  },
  { flows },
)
