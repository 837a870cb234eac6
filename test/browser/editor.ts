/** Node-RED's editor in a real browser, used by mouse and keyboard. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser']
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Node-RED 5 shows its first tip by a timer: on a busy machine before it has made the place for it. */
const TIP_TOO_EARLY = /reading 'html'\)\n\s+at \w+ \(\S+\/red\/red\.min\.js[^\n]*\)$/

/** Where Chromium is installed; undefined where it is not. */
export const CHROMIUM = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((dir) => NAMES.map((name) => join(dir, name)))
  .find((file) => existsSync(file))

export interface View extends BrowserContextOptions {
  /** Node-RED 5's own setting, in its menu under View. */
  theme?: 'light' | 'dark'
  /** A node type that the editor knows when it can be used; `mq-add` unless given. */
  type?: string
}

/** Starts a browser. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM as string, args: ARGS })
}

export class Editor {
  readonly page: Page
  /** What the browser's console shows as an error, and what was thrown. */
  readonly errors: string[] = []
  /** What the browser's console shows as a warning. */
  readonly warnings: string[] = []
  readonly #close: () => Promise<void>

  /**
   * Opens the editor, and resolves once it can be used.
   *
   * @param shared a browser that others use too; absent: the editor has one to itself
   */
  static async open(
    url: string,
    { theme, type, ...view }: View = {},
    shared?: Browser,
  ): Promise<Editor> {
    const browser = shared ?? (await startBrowser())
    const context = await browser.newContext({
      viewport: { width: 1400, height: 900 },
      locale: 'en-US',
      ...view,
    })
    context.setDefaultTimeout(60_000)
    // The catalogue of all modules stands on the Internet, and is waited for where there is none.
    await context.route('**/catalogue.json*', (route) => route.fulfill({ json: { modules: [] } }))
    if (theme !== undefined) {
      await context.addInitScript(`localStorage.setItem('view-dark-theme', '${theme}')`)
    }
    const editor = new Editor(await context.newPage(), () => (shared ? context : browser).close())
    await editor.visit(url, type)
    return editor
  }

  private constructor(page: Page, close: () => Promise<void>) {
    this.page = page
    this.#close = close
    page.on('console', (message) => {
      // The editor looks for a Node-RED that is restarting.
      const looking = /\/comms' failed.*ERR_CONNECTION_REFUSED/.test(message.text())
      if (message.type() === 'error' && !looking) this.errors.push(message.text())
      if (message.type() === 'warning') this.warnings.push(message.text())
    })
    page.on('pageerror', (error) => {
      const text = error.stack ?? String(error)
      if (!TIP_TOO_EARLY.test(text)) this.errors.push(text)
    })
  }

  /** Goes to the editor, for instance again after a restart. */
  async visit(url: string, type = 'mq-add'): Promise<void> {
    await this.page.goto(url)
    await this.page.waitForFunction(
      `window.RED?.nodes?.getType?.('${type}') && RED.workspaces.active()`,
    )
    await this.page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' })
    // A notification lies over the tabs for some seconds, and nobody needs to wait for it.
    await this.page.addStyleTag({ content: '#red-ui-notifications { pointer-events: none }' })
  }

  /** The result of an expression in the page, where `RED` is the editor. */
  value<T>(expression: string): Promise<T> {
    return this.page.evaluate(expression) as Promise<T>
  }

  /** The node of the given id on the canvas. */
  node(id: string): Locator {
    // An id may begin with a digit, which a selector by id does not take.
    return this.page.locator(`#red-ui-workspace-chart [id="${id}"]`)
  }

  /** Drags a node from the palette to a place on the canvas, and returns its id. */
  async drag(type: string, x: number, y: number): Promise<string> {
    const known = await this.value<string[]>(IDS)
    const source = this.page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`)
    await source.scrollIntoViewIfNeeded()
    await source.hover()
    const chart = await this.page.locator('#red-ui-workspace-chart').boundingBox()
    const [left, top] = [chart?.x ?? 0, chart?.y ?? 0]
    await this.page.mouse.down()
    await this.page.mouse.move(left + x - 20, top + y - 20, { steps: 4 })
    await this.page.mouse.move(left + x, top + y, { steps: 4 })
    await this.page.mouse.up()
    const added = (await this.value<string[]>(IDS)).filter((id) => !known.includes(id))
    if (added.length !== 1) throw new Error(`dragging ${type} added ${added.length} nodes`)
    return added[0] as string
  }

  /** Draws a wire from an output of a node to the input of another one. */
  async wire(from: string, to: string, output = 0): Promise<void> {
    const source = this.node(from).locator('.red-ui-flow-port-output rect.red-ui-flow-port')
    await source.nth(output).hover()
    await this.page.mouse.down()
    const target = this.node(to).locator('.red-ui-flow-port-input rect.red-ui-flow-port')
    await target.hover()
    await this.page.mouse.up()
  }

  /** Opens the edit dialog of a node by a double click. */
  async edit(id: string): Promise<Locator> {
    const form = this.page.locator('#dialog-form')
    // A double click is lost while the dialog before it is still on its way out. Then one clicks again.
    for (let left = 10; !(await form.isVisible()); left--) {
      await this.node(id)
        .locator('.red-ui-flow-node')
        .dblclick({ timeout: 10_000 })
        .catch(() => {})
      await form.waitFor({ timeout: 5_000 }).catch((error) => {
        if (left === 0) throw error
      })
    }
    await this.opened()
    return form
  }

  /** Waits until the dialog on top is there and has slid in. Node-RED moves the focus to it on the way. */
  async opened(): Promise<void> {
    await this.page.waitForFunction(`${TOP_DIALOG}?.contains(document.activeElement)`)
    await this.#settled()
  }

  /** Waits until the dialog on top, where there is one, has slid in: a click on one that moves may miss. */
  async #settled(): Promise<void> {
    const right = `(top => top === undefined ? '0px' : getComputedStyle(top).right)(${TOP_DIALOG})`
    await this.page.waitForFunction(`${right} === '0px'`)
  }

  /** Chooses a queue from the list in the dialog of a flow node. */
  async chooseQueue(name: string): Promise<void> {
    const input = this.page.locator('#node-input-queue + .red-ui-typedInput-container')
    await input.locator('.red-ui-typedInput-option-trigger').click()
    await this.page.locator(`.red-ui-typedInput-options:visible a[value="${name}"]`).click()
  }

  /** Closes the edit dialog of a node with what was entered. */
  async done(): Promise<void> {
    await this.#press('#node-dialog-ok')
  }

  /** Closes the dialog of a config node with what was entered. */
  async configDone(): Promise<void> {
    await this.#press('#node-config-dialog-ok')
  }

  /** Closes the edit dialog of a node without what was entered. */
  async cancel(): Promise<void> {
    await this.#press('#node-dialog-cancel')
  }

  /** Closes the dialog of a config node without what was entered. */
  async configCancel(): Promise<void> {
    await this.#press('#node-config-dialog-cancel')
  }

  async #press(button: string): Promise<void> {
    const place = this.page.locator(button)
    await place.waitFor()
    await this.#settled()
    await place.click()
    await place.waitFor({ state: 'detached' })
    // The dialog below comes back.
    await this.#settled()
  }

  /** Presses Deploy, and resolves once the flows were taken. */
  async deploy(): Promise<void> {
    const button = this.page.locator('#red-ui-header-button-deploy')
    const taken = this.page.waitForResponse(
      (response) => response.request().method() === 'POST' && /\/flows$/.test(response.url()),
    )
    await button.click()
    if (!(await taken).ok()) throw new Error('the deploy was refused')
    await this.page.locator('#red-ui-header-button-deploy.disabled').waitFor()
  }

  /** Presses the button of an inject node. */
  async inject(id: string): Promise<void> {
    await this.node(id).locator('.red-ui-flow-node-button-button').click()
  }

  /**
   * Imports an example of this package through the editor's import dialog, and returns its flow's id.
   *
   * @param folder the one that has it, where it is in one
   */
  async importExample(name: string, folder?: string): Promise<string> {
    const known = await this.value<string[]>(FLOWS)
    await this.page.locator('#red-ui-workspace-chart').focus()
    await this.page.keyboard.press('Control+i')
    // The tabs of the dialog take a click once its first one has the focus.
    await this.page.locator('#red-ui-clipboard-dialog-import-text:focus').waitFor()
    await this.page.locator('#red-ui-tab-red-ui-clipboard-dialog-import-tab-examples a').click()
    const tree = this.page.locator('#red-ui-clipboard-dialog-import-tab-examples')
    await tree.getByText('@mqueue/node-red-mqueue', { exact: true }).click()
    const example = tree.getByText(name, { exact: true })
    if (folder !== undefined) {
      const label = tree.locator('.red-ui-treeList-label', { hasText: folder })
      // A click is lost while the tree is still unfolding; a second one would fold it again.
      while (!(await label.locator('xpath=..').getAttribute('class'))?.includes('expanded')) {
        await label.click()
        await this.page.waitForTimeout(100)
      }
      await example.waitFor()
    }
    const ok = this.page.locator('#red-ui-clipboard-dialog-ok')
    // A click is lost while the tree is still unfolding.
    while (await ok.isDisabled()) {
      await example.click()
      await this.page.waitForTimeout(100)
    }
    await ok.click()
    await ok.waitFor({ state: 'hidden' })
    await this.page.waitForFunction(`${FLOWS}.length > ${known.length}`)
    const flow = (await this.value<string[]>(FLOWS)).at(-1) as string
    await this.show(flow)
    return flow
  }

  /** Shows the flow of that id, by a click on its tab. */
  async show(flow: string): Promise<void> {
    await this.page.locator(`[id="red-ui-tab-${flow}"]`).click()
    await this.page.waitForFunction(`RED.workspaces.active() === ${JSON.stringify(flow)}`)
  }

  /** The help of a node type, as the sidebar shows it. */
  async help(type: string): Promise<string> {
    await this.value(`RED.sidebar.help.show(${JSON.stringify(type)}, true)`)
    const help = this.page.locator('.red-ui-help:visible').first()
    await help.waitFor()
    return help.innerText()
  }

  /** Shows the debug sidebar. */
  async showDebug(): Promise<void> {
    await this.page.keyboard.press('Control+g')
    await this.page.keyboard.press('d')
    await this.page.locator('.red-ui-debug-content-list').waitFor()
  }

  /** What a debug node showed in the sidebar, oldest first. */
  debugged(id: string): Promise<string[]> {
    return this.page
      .locator(`.red-ui-debug-msg-node-${id} .red-ui-debug-msg-payload`)
      .allInnerTexts()
  }

  close(): Promise<void> {
    return this.#close()
  }
}

/** The dialog that lies over the others; undefined where none is open. */
const TOP_DIALOG = `[...document.querySelectorAll('.red-ui-tray')].at(-1)`
const FLOWS = 'RED.nodes.getWorkspaceOrder()'
const IDS = `(() => { const ids = []; RED.nodes.eachNode(({ id }) => ids.push(id)); return ids })()`
