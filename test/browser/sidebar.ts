import type { Locator, Request } from 'playwright-core'
import type { Editor } from './editor.ts'

/** The sidebar of the queues. */
export class SidebarTab {
  readonly #editor: Editor
  readonly root: Locator

  constructor(editor: Editor) {
    this.#editor = editor
    this.root = editor.page.locator('#mqueue-sidebar')
  }

  /** Shows it, as its action does. */
  async show(): Promise<void> {
    await this.#editor.value(`RED.actions.invoke('mqueue:show-sidebar')`)
    await this.root.waitFor()
  }

  /** Shows another tab in its place. */
  async hide(): Promise<void> {
    await this.#editor.value(`RED.sidebar.show('info')`)
    await this.root.waitFor({ state: 'hidden' })
    // The sidebar gets the event after the next frame, and not at all where it is shown again by then.
    await this.#editor.value(
      'new Promise((told) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(told))))',
    )
  }

  get search(): Locator {
    return this.root.locator('.mqueue-search')
  }

  get list(): Locator {
    return this.root.getByRole('tree')
  }

  /** The line of a queue in the list. */
  line(queue: string): Locator {
    const name = this.#editor.page.locator('.mqueue-name').getByText(queue, { exact: true })
    return this.root.locator('.mqueue-line-queue', { has: name })
  }

  /** The names of the queues that are drawn, in their order. */
  names(): Promise<string[]> {
    return this.root.locator('.mqueue-line-queue .mqueue-name').allInnerTexts()
  }

  /** The queue that is open. */
  get opened(): Locator {
    return this.root.locator('.mqueue-opened')
  }

  get items(): Locator {
    return this.opened.locator('.mqueue-item')
  }

  /** What was said of the last action. */
  get said(): Locator {
    return this.opened.locator('.mqueue-said')
  }

  /** A button of the queue that is open. */
  button(name: string): Locator {
    return this.opened.getByRole('button', { name, exact: true })
  }

  /** Opens a queue by a click on its line. */
  async open(queue: string): Promise<void> {
    await this.line(queue).click()
    await this.opened.waitFor()
  }
}

/** Counts what the page asks for. */
export class RequestCount {
  readonly #requests: Request[] = []

  constructor(editor: Editor, pattern: RegExp) {
    editor.page.on('request', (request) => {
      if (pattern.test(request.url())) this.#requests.push(request)
    })
  }

  get count(): number {
    return this.#requests.length
  }

  /** When each of those that were answered began, in ms by the clock of the browser. */
  get starts(): number[] {
    return this.#requests.map((request) => request.timing().startTime).filter((time) => time > 0)
  }
}
