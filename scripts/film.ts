/** Films the editor while it is used by mouse, picture by picture, so that a slow machine makes the same film. */
import type { Page } from 'playwright-core'
import { animate, type Frame } from './apng.ts'

/** How long one picture of a movement is shown, in ms. */
const STEP = 50

const POINTER = `
  const pointer = document.createElement('div')
  pointer.id = 'film-pointer'
  pointer.style = 'position: fixed; left: 0; top: 0; z-index: 100000; pointer-events: none'
  pointer.innerHTML = '<svg width="16" height="24" viewBox="0 0 16 24"><path d="M1 1v18l4.5-4 3 7 3-1.3-3-6.7h6z" fill="#000" stroke="#fff" stroke-width="1.5"/></svg>'
  document.body.append(pointer)`

export class Film {
  readonly #page: Page
  readonly #frames: Frame[] = []
  #at = { x: 0, y: 0 }

  /** Begins with the pointer at a place. Screenshots have none, so the film draws one. */
  static async begin(page: Page, x: number, y: number): Promise<Film> {
    await page.evaluate(POINTER)
    const film = new Film(page)
    await film.#point(x, y)
    return film
  }

  private constructor(page: Page) {
    this.#page = page
  }

  /** Shows what the page shows now for so many ms. */
  async hold(ms: number): Promise<void> {
    this.#frames.push({ png: await this.#page.screenshot(), ms })
  }

  /** Moves the mouse to a place in so many steps. */
  async move(x: number, y: number, steps = 6): Promise<void> {
    const from = this.#at
    for (let step = 1; step <= steps; step++) {
      const done = (1 - Math.cos((Math.PI * step) / steps)) / 2
      await this.#point(from.x + (x - from.x) * done, from.y + (y - from.y) * done)
      await this.hold(STEP)
    }
  }

  /** Moves the mouse to the middle of an element. */
  async moveTo(selector: string, steps?: number): Promise<void> {
    const box = await this.#page.locator(selector).first().boundingBox()
    if (box === null) throw new Error(`${selector} is not to be seen`)
    await this.move(box.x + box.width / 2, box.y + box.height / 2, steps)
  }

  /** How long the film is so far, in ms. */
  get length(): number {
    return this.#frames.reduce((sum, { ms }) => sum + ms, 0)
  }

  /** The film as an animated PNG. */
  develop(): Buffer {
    return animate(this.#frames)
  }

  async #point(x: number, y: number): Promise<void> {
    this.#at = { x, y }
    await this.#page.mouse.move(x, y)
    await this.#page.evaluate(
      `document.getElementById('film-pointer').style.transform = 'translate(${x}px, ${y}px)'`,
    )
  }
}
