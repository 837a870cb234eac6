// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Node-RED writes them
import assert from 'node:assert/strict'
import { assertAccessible } from './accessibility.ts'
import { oneOfEach } from './flows.ts'
import { describeEditor } from './in-editor.ts'
import { QueueDialog } from './queue-dialog.ts'

interface Row {
  name: string
  id?: string
  edited?: number
  [field: string]: unknown
}

const flows = oneOfEach([
  { name: 'calls', size: '', addmode: '', dbmode: 0, id: 'c1', edited: 7 },
  { name: 'lost', size: '', addmode: '', dbmode: 0 },
])

describeEditor(
  'what a queue does when work fails',
  (shared, it) => {
    let dialog: QueueDialog
    const open = async () => {
      await shared.editor.edit('add')
      dialog = await QueueDialog.open(shared.editor)
    }
    const done = async () => {
      await dialog.done()
      await shared.editor.done()
    }
    const rows = () => shared.editor.value<Row[]>('RED.nodes.node("config").queues')

    it('is unfolded by keyboard, behind the fields of the queue', async () => {
      await open()
      const { keyboard } = shared.editor.page
      const attempts = dialog.field(0, 'attempts')
      assert.ok(!(await attempts.isVisible()))
      await dialog.field(0, 'dbmode').focus()
      await keyboard.press('Tab')
      await keyboard.press('Enter')
      await attempts.waitFor()
      for (const text of ['3', '1,5,30']) {
        await keyboard.press('Tab')
        await keyboard.type(text)
      }
      assert.equal(await dialog.field(0, 'retryDelay').inputValue(), '1,5,30')
    })

    it('offers the other queues for dead letters', async () => {
      const select = dialog.field(0, 'deadLetter')
      const offered = await select.locator('option').allInnerTexts()
      assert.deepEqual(offered, ['none: they are dropped', 'lost', 'variable ${…}'])
      await select.selectOption('lost')
      await dialog.field(0, 'maxInFlight').fill('2')
      await dialog.field(0, 'whenFull').selectOption('refuse')
    })

    it('follows when the dead letter queue is renamed', async () => {
      const name = dialog.field(1, 'name')
      await name.fill('')
      await name.fill('lost-calls')
      assert.equal(await dialog.field(0, 'deadLetter').inputValue(), 'lost-calls')
      assert.equal(await dialog.problem(0), '')
    })

    it('is reported when it is folded again', async () => {
      const summary = dialog.failures(0).locator('summary')
      await summary.focus()
      await shared.editor.page.keyboard.press('Space')
      await dialog.field(0, 'attempts').waitFor({ state: 'hidden' })
      assert.match(
        await summary.innerText(),
        /^Failures: Attempts 3, Retry after \(s\) 1,5,30, Dead letters to lost-calls, In flight at most 2, When full refuse$/,
      )
    })

    it('is kept with the queue, with an id for each queue and the time for those that were changed', async () => {
      const before = Date.now()
      await done()
      const [calls, lost] = await rows()
      const { edited, ...kept } = calls as Row
      assert.deepEqual(kept, {
        ...{ name: 'calls', size: '', addmode: '', dbmode: 0, id: 'c1' },
        ...{ attempts: 3, retryDelay: '1,5,30', deadLetter: 'lost-calls' },
        ...{ maxInFlight: 2, whenFull: 'refuse' },
      })
      assert.ok(Number(edited) >= before, `${edited} is after ${before}`)
      assert.equal(lost?.name, 'lost-calls')
      assert.ok(lost?.id)
      assert.ok(Number(lost?.edited) >= before)
    })

    it('stays as it is when nothing is changed', async () => {
      const before = await rows()
      await open()
      await done()
      assert.deepEqual(await rows(), before)
    })

    it('is unfolded where something is wrong with it', async () => {
      await open()
      await dialog.failures(0).locator('summary').click()
      for (const [field, bad, good] of [
        ['attempts', 'often', '3'],
        ['retryDelay', '1,soon', '1,5,30'],
        ['maxInFlight', '-1', '2'],
      ] as const) {
        const input = dialog.field(0, field)
        await input.fill(bad)
        assert.notEqual(await dialog.problem(0), '', field)
        assert.equal(await input.getAttribute('aria-invalid'), 'true')
        await input.fill(good)
        assert.equal(await dialog.problem(0), '', field)
      }
      await dialog.failures(0).locator('summary').click()
      await dialog.rows.nth(1).locator('.red-ui-editableList-item-remove').click()
      await dialog.field(0, 'deadLetter').waitFor()
      assert.match(await dialog.problem(0), /dead letter queue must be another queue/)
      await dialog.field(0, 'deadLetter').selectOption('')
      assert.equal(await dialog.problem(0), '')
    })

    it('can come from the environment', async () => {
      await dialog.field(0, 'deadLetter').selectOption('variable ${…}')
      await shared.editor.page.keyboard.type('LOST')
      await dialog.field(0, 'whenFull').selectOption('variable ${…}')
      await shared.editor.page.keyboard.type('FULL')
      assert.equal(await dialog.problem(0), '')
    })

    it('can be read and used in a narrow sidebar', async () => {
      await assertAccessible(shared.editor, '#mqueue-config')
      await done()
      const [calls] = await rows()
      assert.deepEqual([calls?.deadLetter, calls?.whenFull], ['${LOST}', '${FULL}'])
      assert.deepEqual(shared.editor.errors, [])
    })

    it('is left out of the lines for a kamailio.cfg, and the queue is not', async () => {
      await open()
      await dialog.form.locator('#mqueue-export-open').click()
      const lines = await dialog.form.locator('#mqueue-export-text').inputValue()
      assert.equal(lines, 'modparam("mqueue", "mqueue", "name=calls")\n')
      await dialog.form.locator('#mqueue-import-open').click()
      const pasted = 'modparam("mqueue", "mqueue", "name=more;attempts=3")'
      await dialog.form.locator('#mqueue-import-text').fill(pasted)
      const preview = dialog.form.locator('#mqueue-import-preview')
      await preview.getByText('none of name, size, addmode, dbmode').waitFor()
      await done()
    })
  },
  { flows },
)
