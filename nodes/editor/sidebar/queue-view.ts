import type { QueueAnswer } from './answers.ts'
import { make, setAttribute, setShown, setText } from './elements.ts'
import type { History } from './history.ts'
import { Sparkline } from './sparkline.ts'
import type { Text, Words } from './words.ts'

/** A queue as it stands: in a line of the list, and above the items of one that is open. */
export class QueueView {
  readonly element = make('div', 'mqueue-view')
  readonly #words: Words
  readonly #name = make('bdi', 'mqueue-name')
  readonly #remarks = make('span', 'mqueue-remarks')
  readonly #size = make('span', 'mqueue-size')
  readonly #meter = make('div', 'mqueue-meter')
  readonly #bar = make('div', 'mqueue-bar')
  readonly #flow = make('div', 'mqueue-flow')
  readonly #rates = make('span', 'mqueue-rates')
  readonly #spark: Sparkline
  readonly #details = make('div', 'mqueue-details')
  readonly #problem = make('div', 'mqueue-problem')

  constructor(text: Text, words: Words) {
    this.#words = words
    this.#spark = new Sparkline(text('sidebar.history'))
    const head = make('div', 'mqueue-head')
    head.append(this.#name, this.#remarks, this.#size)
    setAttribute(this.#meter, 'role', 'meter')
    setAttribute(this.#meter, 'aria-label', text('sidebar.size'))
    setAttribute(this.#meter, 'aria-valuemin', '0')
    this.#meter.append(this.#bar)
    this.#rates.title = text('sidebar.ratesTitle')
    this.#flow.append(this.#rates, this.#spark.element)
    this.element.append(head, this.#meter, this.#flow, this.#details, this.#problem)
  }

  update(queue: QueueAnswer, history: History): void {
    const words = this.#words
    const problem = words.problem(queue)
    setText(this.#name, queue.name)
    setText(this.#remarks, words.remarks(queue).join(', '))
    setText(this.#size, words.size(queue))
    this.#showMeter(queue)
    setShown(this.#problem, problem !== undefined)
    setText(this.#problem, problem ?? '')
    setAttribute(this.#problem, 'title', problem)
    this.#problem.classList.toggle('mqueue-busy', queue.loaded !== undefined)
    const isCounted = problem === undefined && queue.added !== undefined
    setShown(this.#flow, isCounted)
    setShown(this.#details, isCounted)
    if (!isCounted) return
    const rates = history.rates()
    setText(this.#rates, rates === undefined ? '…' : words.rates(rates))
    this.#spark.update(history)
    const details = words.details(queue).join(' · ')
    setText(this.#details, details)
    setAttribute(this.#details, 'title', details)
  }

  #showMeter(queue: QueueAnswer): void {
    const { size, bound } = queue
    const isBound = size !== null && bound > 0
    // An empty place keeps the lines below where they are.
    this.#meter.classList.toggle('mqueue-none', !isBound)
    if (!isBound) {
      setAttribute(this.#meter, 'aria-hidden', 'true')
      return
    }
    setAttribute(this.#meter, 'aria-hidden', undefined)
    setAttribute(this.#meter, 'aria-valuemax', String(bound))
    setAttribute(this.#meter, 'aria-valuenow', String(Math.min(size, bound)))
    setAttribute(this.#meter, 'aria-valuetext', this.#words.spokenSize(queue))
    const width = `${Math.min(100, Math.round((size / bound) * 1000) / 10)}%`
    if (this.#bar.style.width !== width) this.#bar.style.width = width
    this.#bar.classList.toggle('mqueue-full', size >= bound)
  }
}
