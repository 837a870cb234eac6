/** The words of the dialogs fit their places in every language. */
import { assertNothingCut } from './cut.ts'
import { FLOW_NODES, oneOfEach } from './flows.ts'
import { describeEditor } from './in-editor.ts'
import { QueueDialog } from './queue-dialog.ts'

const flows = oneOfEach([{ name: 'calls', size: '', addmode: '', dbmode: 1 }])

for (const locale of ['en-US', 'de', 'es-ES']) {
  describeEditor(
    `the words of the dialogs in ${locale}`,
    (shared, it) => {
      for (const [type, id] of Object.entries(FLOW_NODES)) {
        it(`are shown whole in the dialog of ${type}`, async () => {
          const { editor } = shared
          await editor.edit(id)
          await assertNothingCut(editor, '#mqueue-node').finally(() => editor.done())
        })
      }

      it('are shown whole in the dialog of mqueue, wherever its queues are', async () => {
        const { editor } = shared
        await editor.edit('add')
        const dialog = await QueueDialog.open(editor)
        await dialog.failures(0).locator('summary').click()
        for (const engine of ['memory', 'redis', 'kamailio']) {
          await dialog.form.locator('#node-config-input-engine').selectOption(engine)
          await assertNothingCut(editor, '#mqueue-config')
        }
        await dialog.done()
        await editor.done()
      })
    },
    { flows, view: { locale }, lines: ['5'] },
  )
}
