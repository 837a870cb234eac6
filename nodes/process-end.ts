/** What Node-RED stops on, and on Windows Ctrl-Break. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGBREAK'] as const

/** A process that still runs this long after the order to end will not end, in ms. */
const LONGEST_END = 60_000

/** What must be done at the end of the process. */
interface End {
  /** Saves what no closing node will save. There may be no time for it. */
  save(): Promise<void>[]
  /** Writes at once to files what is not saved. Nothing comes after it. */
  rescue(): void
}

/**
 * Watches for the end of the process. Node-RED closes its nodes in the same way for a deploy and for a stop; what
 * it stops on is seen here before Node-RED sees it.
 */
export class ProcessEnd {
  readonly #end: End
  #isNear = false

  constructor(end: End) {
    this.#end = end
    for (const signal of SIGNALS) this.#watchSignal(signal)
    // A listener for messages would keep alive a process that has a channel for them.
    if (process.channel !== undefined) {
      process.prependListener('message', (message) => {
        if (message === 'shutdown') Promise.allSettled(this.#begin())
      })
    }
    process.on('exit', () => end.rescue())
  }

  /** Whether the process was ordered to end. */
  get isNear(): boolean {
    return this.#isNear
  }

  /** Makes the process end with an error, unless it does so already. */
  fail(): void {
    process.exitCode ||= 1
  }

  #watchSignal(signal: NodeJS.Signals): void {
    const onSignal = async () => {
      const saved = Promise.allSettled(this.#begin())
      if (process.listenerCount(signal) > 1) return
      // Without this listener the signal would have ended the process.
      await saved
      this.#end.rescue()
      process.off(signal, onSignal)
      process.kill(process.pid, signal)
    }
    process.prependListener(signal, onSignal)
  }

  #begin(): Promise<void>[] {
    this.#isNear = true
    setTimeout(() => {
      this.#isNear = false
    }, LONGEST_END).unref()
    return this.#end.save()
  }
}
