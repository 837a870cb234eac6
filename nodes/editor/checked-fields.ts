import type { MqueueError } from '../../src/errors.ts'
import { explain } from './text.ts'

/** What is wrong with a value; undefined when nothing is. */
type Check = (value: unknown) => MqueueError | undefined

/** Fields of a config node's dialog that are checked while they are typed, each with a place for what is wrong. */
export class CheckedFields {
  readonly #checks: Readonly<Record<string, Check>>

  /** @param checks a check for each property */
  constructor(checks: Readonly<Record<string, Check>>) {
    this.#checks = checks
    for (const name of Object.keys(checks)) configField(name).on('input change', () => this.check())
  }

  check(): void {
    for (const [name, check] of Object.entries(this.#checks)) {
      const field = configField(name)
      const error = check(field.val())
      const isBad = error !== undefined
      field.toggleClass('input-error', isBad).attr('aria-invalid', isBad ? 'true' : null)
      $(`#mqueue-${name}-problem`).text(error === undefined ? '' : explain(error))
    }
  }
}

/** The field for a property in the dialog of a config node. */
export function configField(property: string): JQuery {
  return $(`#node-config-input-${property}`)
}
