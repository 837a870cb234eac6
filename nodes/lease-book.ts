import type { NodeMessage } from 'node-red'

/** How many notes there are at least before the book is looked through. */
const FEWEST = 1_000

/**
 * The leases of the messages that were handed out, by the id of the message: a Function node that makes a new message keeps
 * the id and loses the rest.
 */
class LeaseBook {
  readonly #leases = new Map<string, { leases: readonly string[]; holds: () => boolean }>()
  #lookAt = FEWEST

  /**
   * Notes the leases that a message carries.
   *
   * @param holds whether any of them still holds
   */
  note({ _msgid: id }: NodeMessage, leases: readonly string[], holds: () => boolean): void {
    if (id === undefined) return
    // Two messages with one id cannot be distinguished any more.
    const isDoubtful = this.#leases.get(id)?.holds() ?? false
    this.#leases.set(id, { leases: isDoubtful ? [] : leases, holds })
    if (this.#leases.size < this.#lookAt) return
    for (const [noted, note] of this.#leases) if (!note.holds()) this.#leases.delete(noted)
    this.#lookAt = Math.max(FEWEST, 2 * this.#leases.size)
  }

  /** The leases of a message that does not carry them any more; undefined where they are not known. */
  find({ _msgid: id }: NodeMessage): readonly string[] | undefined {
    const leases = id === undefined ? undefined : this.#leases.get(id)?.leases
    return leases?.length === 0 ? undefined : leases
  }

  /** Forgets a message whose leases have ended. */
  forget({ _msgid: id }: NodeMessage): void {
    if (id !== undefined) this.#leases.delete(id)
  }
}

export const leaseBook = new LeaseBook()
