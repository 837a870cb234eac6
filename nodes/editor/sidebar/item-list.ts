import type { ItemAnswer, ItemsAnswer } from './answers.ts'
import { make, makeButton, setShown } from './elements.ts'
import { type ItemActions, ItemView } from './item-view.ts'

/** How many items are asked for at once. */
const PAGE = 50

/** Returns items of the queue, the oldest first, from one on that is counted from 0. */
export type ReadItems = (from: number, count: number) => Promise<ItemsAnswer>

/** The first items of a queue, and more when one scrolls to their end. */
export class ItemList {
  readonly element = make('div', 'mqueue-items')
  readonly #list = make('ol')
  readonly #none: HTMLElement
  readonly #more: HTMLButtonElement
  readonly #actions: ItemActions
  readonly #read: ReadItems
  /** Goes on when the button that does so comes into view. */
  readonly #observer = new IntersectionObserver((entries) => {
    if (entries.at(-1)?.isIntersecting) this.#goOn()
  })
  readonly #views = new Map<string, ItemView>()
  /** How many of the oldest have been read, those included that have gone since. */
  #passed = 0
  /** The number of readings so far: an answer to another one than the last is of no use any more. */
  #reading = 0
  #isReading = false

  constructor(actions: ItemActions, read: ReadItems) {
    const { text } = actions
    this.#actions = actions
    this.#read = read
    this.#none = make('p', 'mqueue-note', text('sidebar.item.none'))
    this.#more = makeButton('chevron-down', text('sidebar.item.more'), () => this.#goOn())
    this.#none.hidden = true
    this.#more.hidden = true
    this.#list.setAttribute('aria-label', text('sidebar.items'))
    this.element.append(this.#none, this.#list, this.#more)
  }

  /** Reads the items again, as many as are shown. */
  async read(): Promise<void> {
    const reading = ++this.#reading
    const wanted = Math.max(this.#views.size, PAGE)
    const items = new Map<string, ItemAnswer>()
    this.#isReading = true
    try {
      let passed = 0
      let isMore = true
      while (isMore && passed < wanted) {
        const page = await this.#read(passed, PAGE)
        if (reading !== this.#reading) return
        for (const item of page.items) items.set(item.id, item)
        passed += page.items.length
        isMore = page.items.length > 0 && passed < page.size
      }
      this.#passed = passed
      this.#show(items, isMore)
    } catch (error) {
      if (reading === this.#reading) this.#actions.failed(error)
    } finally {
      if (reading === this.#reading) this.#isReading = false
    }
  }

  async #goOn(): Promise<void> {
    if (this.#isReading) return
    const reading = ++this.#reading
    this.#isReading = true
    try {
      const { items, size } = await this.#read(this.#passed, PAGE)
      if (reading !== this.#reading) return
      this.#passed += items.length
      for (const item of items) this.#list.append(this.#viewOf(item).element)
      this.#showMore(items.length > 0 && this.#passed < size)
    } catch (error) {
      if (reading === this.#reading) this.#actions.failed(error)
    } finally {
      if (reading === this.#reading) this.#isReading = false
    }
  }

  #show(items: ReadonlyMap<string, ItemAnswer>, isMore: boolean): void {
    const lost = this.#removeOthers(items)
    let next = this.#list.firstElementChild
    for (const item of items.values()) {
      const { element } = this.#viewOf(item)
      if (element === next) next = next.nextElementSibling
      else this.#list.insertBefore(element, next)
    }
    setShown(this.#none, items.size === 0)
    this.#showMore(isMore)
    // Who works by keyboard goes on with the item that has come to the place of the one that is gone.
    if (lost !== undefined) this.#focus(lost)
  }

  /** Removes what is not there any more. Returns the place of what had the focus and is gone. */
  #removeOthers(items: ReadonlyMap<string, ItemAnswer>): number | undefined {
    let lost: number | undefined
    let place = 0
    for (const [id, view] of this.#views) {
      if (items.has(id)) {
        place += 1
        continue
      }
      if (view.hasFocus) lost = place
      view.element.remove()
      this.#views.delete(id)
    }
    return lost
  }

  #focus(place: number): void {
    const elements = this.#list.children
    const element = elements[Math.min(place, elements.length - 1)]
    const opener = element?.querySelector<HTMLElement>('button')
    const focused = opener ?? this.element.closest<HTMLElement>('.mqueue-opened')
    focused?.focus()
  }

  /** The view of an item, with how old that is by now. */
  #viewOf(item: ItemAnswer): ItemView {
    const known = this.#views.get(item.id)
    if (known !== undefined) {
      known.update(item)
      return known
    }
    const view = new ItemView(item, this.#actions)
    this.#views.set(item.id, view)
    return view
  }

  #showMore(isMore: boolean): void {
    setShown(this.#more, isMore)
    this.#observer.unobserve(this.#more)
    // It reports at once whether that can be seen, also where it could be seen before.
    if (isMore) this.#observer.observe(this.#more)
  }
}
