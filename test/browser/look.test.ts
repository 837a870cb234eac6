/** What the dialogs look like to whom: readable in both themes, and named for a screen reader. */
import assert from 'node:assert/strict'
import { FLOW_NODES, oneOfEach } from './flows.ts'
import { describeEditor, type InEditor } from './in-editor.ts'
import { QueueDialog } from './queue-dialog.ts'

const flows = oneOfEach([
  { name: 'calls', size: '', addmode: '', dbmode: 1 },
  { name: 'bad name', size: '', addmode: '', dbmode: 0 },
])

/**
 * Each text with less contrast to what is behind it than WCAG asks of texts that are not large. The
 * buttons are Node-RED's own.
 */
const FAINT = `(form) => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number)
  const light = ([r, g, b]) => [r, g, b]
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0)
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor)
      if (colour.length === 3 || colour[3] === 1) return colour
    }
    return [255, 255, 255]
  }
  const own = (element) => element.matches('input, select, textarea')
    ? element.value
    : [...element.childNodes].filter(({ nodeType }) => nodeType === 3).map(({ data }) => data).join('').trim()
  return [...form.querySelectorAll('*')]
    .filter((element) => element.checkVisibility() && own(element) && !element.closest('.red-ui-button'))
    .map((element) => {
      const [front, back] = [rgb(getComputedStyle(element).color), behind(element)].map(light)
      const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05)
      return [contrast, own(element)]
    })
    .filter(([contrast]) => contrast < 4.5)
    .map(([contrast, text]) => text.slice(0, 40) + ': ' + contrast.toFixed(1))
}`

/** What sticks out of the dialog. */
const WIDE = `(form) => {
  const { left, right } = form.getBoundingClientRect()
  return [...form.querySelectorAll('*')]
    .filter((element) => element.checkVisibility() && element.getClientRects().length > 0)
    .filter((element) => element.getBoundingClientRect().right > right + 1)
    .map((element) => element.outerHTML.slice(0, 80))
}`

function itCanBeReadAndNamed(shared: InEditor): void {
  const assertGood = async (selector: string) => {
    const form = shared.editor.page.locator(selector)
    const faint = await shared.editor.value<string[]>(
      `(${FAINT})(document.querySelector(${JSON.stringify(selector)}))`,
    )
    assert.deepEqual(faint, [])
    const nameless = (await form.ariaSnapshot())
      .split('\n')
      .filter((line) => /^\s*- (textbox|combobox|checkbox|button|spinbutton)(:|$)/.test(line))
    assert.deepEqual(nameless, [])
    // As narrow as a sidebar can be.
    await form.evaluate((element) => element.setAttribute('style', 'width: 260px'))
    const wide = await shared.editor.value<string[]>(
      `(${WIDE})(document.querySelector(${JSON.stringify(selector)}))`,
    )
    assert.deepEqual(wide, [])
  }

  for (const id of FLOW_NODES) {
    it(`the dialog of ${id}`, async () => {
      await shared.editor.edit(id)
      await assertGood('#mqueue-node')
      await shared.editor.done()
    })
  }

  it('the dialog of the config node, with its import', async () => {
    const { editor } = shared
    await editor.edit('add')
    const dialog = await QueueDialog.open(editor)
    await dialog.form.locator('#mqueue-import-open').click()
    await dialog.form
      .locator('#mqueue-import-text')
      .fill('modparam("mqueue", "mqueue", "name=")\nmodparam("mqueue", "mqueue_name", "new")')
    await assertGood('#mqueue-config')
    await dialog.done()
    await editor.done()
    assert.deepEqual(editor.errors, [])
  })
}

describeEditor('everything can be read and has a name', itCanBeReadAndNamed, { flows })
describeEditor(
  'in the dark, everything can be read and has a name',
  (shared) => {
    it('the editor is dark', async () => {
      const dark = 'document.documentElement.classList.contains("nr-theme-dark")'
      assert.ok(await shared.editor.value(dark))
    })
    itCanBeReadAndNamed(shared)
  },
  { flows, lines: ['5'], view: { theme: 'dark' } },
)
