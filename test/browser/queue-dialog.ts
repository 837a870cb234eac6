import type { Locator } from 'playwright-core'
import type { FailureField } from '../../nodes/editor/modes.ts'
import type { Editor } from './editor.ts'

/** The edit dialog of a config node, with its list of queues. */
export class QueueDialog {
  readonly #editor: Editor
  readonly form: Locator

  constructor(editor: Editor) {
    this.#editor = editor
    this.form = editor.page.locator('#node-config-dialog-edit-form')
  }

  /** Opens the dialog from that of a flow node: of the config node it has chosen, or of a new one. */
  static async open(editor: Editor, button: 'edit' | 'add' = 'edit'): Promise<QueueDialog> {
    await editor.page.locator(`#node-input-btn-mqueue-${button}`).click()
    const dialog = new QueueDialog(editor)
    await dialog.form.locator('#node-config-input-name').waitFor()
    await editor.opened()
    return dialog
  }

  get rows(): Locator {
    return this.form.locator('#mqueue-config-queues > li')
  }

  /** The field of a row, counted from 0. */
  field(row: number, name: 'name' | 'size' | 'addmode' | 'dbmode' | FailureField): Locator {
    return this.rows.nth(row).locator(`.mqueue-${name}`)
  }

  /** The part of a row, counted from 0, that says what happens when work fails. */
  failures(row: number): Locator {
    return this.rows.nth(row).locator('.mqueue-failures')
  }

  /** What is wrong with a row, in words; empty when nothing is. */
  problem(row: number): Promise<string> {
    return this.rows.nth(row).locator('.mqueue-problem').innerText()
  }

  /**
   * Types into the row that a new config node begins with, from its first field on. Where that has a name, adds a row with
   * the button below the list.
   */
  async add(...typed: string[]): Promise<void> {
    const last = this.rows.last().locator('.mqueue-name')
    const isFree = (await this.rows.count()) > 0 && (await last.inputValue()) === ''
    if (isFree) await last.focus()
    else await this.form.locator('.red-ui-editableList-addButton').click()
    const { keyboard } = this.#editor.page
    await this.rows.last().locator('.mqueue-name:focus').waitFor()
    for (const [index, text] of typed.entries()) {
      if (index > 0) await keyboard.press('Tab')
      await keyboard.type(text)
    }
  }

  done(): Promise<void> {
    return this.#editor.configDone()
  }
}
