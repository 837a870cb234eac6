import assert from 'node:assert/strict'
import { oneOfEach } from './flows.ts'
import { describeEditor } from './in-editor.ts'
import { QueueDialog } from './queue-dialog.ts'

const CFG = `#!KAMAILIO
loadmodule "mqueue.so"

# the worker's queues
modparam("mqueue", "mqueue_size", 50)
modparam("mqueue", "mqueue_addmode", 1)
modparam("mqueue", "mqueue_name", "alarms")

modparam("mqueue", "mqueue", "name=calls;size=7")
modparam("mqueue", "mqueue", "addmode=2;name=presence;dbmode=1;size=100") /* kept */
modparam("mqueue", "mqueue", "name=broken;size=many")
modparam("mqueue", "db_url", "mysql://kamailio:secret@db.local/kamailio")
modparam("tm", "fr_timer", 5000)
`

const flows = oneOfEach([{ name: 'calls', size: 10, addmode: '', dbmode: 0 }])

describeEditor(
  'a kamailio.cfg is imported',
  (shared, it) => {
    let dialog: QueueDialog
    const panel = (name: string) => dialog.form.locator(`#mqueue-import-${name}`)

    it('after it was shown what will be added, what is there already, and what is wrong where', async () => {
      const { editor } = shared
      await editor.edit('add')
      dialog = await QueueDialog.open(editor)
      await panel('open').click()
      assert.ok(await panel('add').isDisabled())
      assert.equal(await panel('add').innerText(), 'Add queues')
      await panel('text').fill(CFG)
      const lines = panel('preview').locator('li')
      assert.deepEqual(await lines.allInnerTexts(), [
        '"alarms": at most 50 items; Equal keys 1: oldest wins; Storage 0: memory',
        '"calls" is in the list already and stays as it is',
        '"presence": at most 100 items; Equal keys 2: newest wins; Storage 1: saved at stop',
        'Database: mysql://db.local/kamailio',
        'Line 11: The size must be a whole number from 0 on (0 is unlimited).',
      ])
      assert.ok(!(await dialog.form.innerText()).includes('secret'))
    })

    it('with the numbers of its lines beside it, which scroll with it', async () => {
      const { editor } = shared
      const numbers = dialog.form.locator('.mqueue-line-numbers')
      assert.equal(
        await numbers.innerText(),
        CFG.split('\n')
          .map((_, line) => line + 1)
          .join('\n'),
      )
      assert.equal(await panel('text').getAttribute('aria-hidden'), null)
      assert.equal(await numbers.locator('xpath=..').getAttribute('aria-hidden'), 'true')
      // The end of the text, and of the numbers, is where it was scrolled to.
      await panel('text').evaluate((area) => area.scrollTo(0, area.scrollHeight))
      const heights = `(() => {
        const area = document.querySelector('#mqueue-import-text')
        const column = document.querySelector('.mqueue-line-column').getBoundingClientRect()
        const numbers = document.querySelector('.mqueue-line-numbers').getBoundingClientRect()
        return [area.scrollTop, column.top - numbers.top, area.scrollHeight, numbers.height]
      })()`
      await editor.page.waitForFunction(`(([top, moved]) => top > 50 && top === moved)(${heights})`)
      const [, , text = 0, shown = 0] = await editor.value<number[]>(heights)
      assert.ok(Math.abs(text - shown) < 2, `${text} px of text, ${shown} px of numbers`)
      const above = await editor.value<number[]>(`(() => {
        const { borderTopWidth, paddingTop } = getComputedStyle(document.querySelector('#mqueue-import-text'))
        const numbers = getComputedStyle(document.querySelector('.mqueue-line-numbers'))
        return [parseFloat(borderTopWidth) + parseFloat(paddingTop), parseFloat(numbers.paddingTop)]
      })()`)
      assert.equal(above[1], above[0], 'a number stands beside its line')
    })

    it('into the list, with the password among the credentials', async () => {
      await panel('add').click()
      await panel('text').waitFor({ state: 'hidden' })
      const names = dialog.form.locator('.mqueue-name')
      assert.deepEqual(
        await names.evaluateAll((inputs) =>
          inputs.map((input) => (input as { value?: string }).value),
        ),
        ['calls', 'alarms', 'presence'],
      )
      assert.equal(await dialog.field(0, 'size').inputValue(), '10')
      assert.equal(await dialog.field(2, 'dbmode').inputValue(), '1')
      const value = (field: string) =>
        dialog.form.locator(`#node-config-input-${field}`).inputValue()
      assert.equal(await value('dbUrl'), 'mysql://db.local/kamailio')
      assert.equal(await value('user'), 'kamailio')
      assert.equal(await value('password'), 'secret')
    })

    it('and written back as lines for a kamailio.cfg', async () => {
      await dialog.form.locator('#mqueue-export-open').click()
      assert.equal(
        await dialog.form.locator('#mqueue-export-text').inputValue(),
        `modparam("mqueue", "db_url", "mysql://db.local/kamailio")
modparam("mqueue", "mqueue", "name=calls;size=10")
modparam("mqueue", "mqueue", "name=alarms;size=50;addmode=1")
modparam("mqueue", "mqueue", "name=presence;size=100;addmode=2;dbmode=1")
`,
      )
      await dialog.done()
      await shared.editor.done()
      assert.deepEqual(shared.editor.errors, [])
    })

    it('and deployed, without a password in the flows', async () => {
      const { editor, nodeRed } = shared
      await editor.page.locator('#red-ui-header-button-deploy:not(.disabled)').waitFor()
      await editor.deploy()
      const deployed = await (await fetch(`${nodeRed.url}/flows`)).text()
      assert.match(deployed, /"name":"presence"/)
      assert.doesNotMatch(deployed, /secret/)
    })

    it('where it has an address only, which is then shown', async () => {
      await shared.editor.edit('add')
      dialog = await QueueDialog.open(shared.editor, 'add')
      const address = dialog.form.locator('#node-config-input-dbUrl')
      assert.ok(!(await address.isVisible()))
      await panel('open').click()
      await panel('text').fill('modparam("mqueue", "db_url", "mysql://db.local/kamailio")')
      assert.deepEqual(await panel('preview').locator('li').allInnerTexts(), [
        'Database: mysql://db.local/kamailio',
      ])
      assert.equal(await panel('add').innerText(), 'Take the address')
      await panel('add').click()
      await address.waitFor()
      assert.equal(await address.inputValue(), 'mysql://db.local/kamailio')
      await shared.editor.configCancel()
      await shared.editor.done()
    })
  },
  { flows },
)
