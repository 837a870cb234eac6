/** What Node-RED stops on, and on Windows Ctrl-Break. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGBREAK'] as const

/** A process that is still there this long after it was told to end is not going to, in ms. */
const LONGEST_END = 60_000

let ending = false

/**
 * Tells whether the process has been told to end. Node-RED closes its nodes in the same way for a
 * deploy and for a stop; what it stops on is seen here before Node-RED sees it.
 */
export function isEnding(): boolean {
  return ending
}

/** What is to be done at the end of the process. */
export interface End {
  /** Saves what no closing node will save. There may be no time for it. */
  save(): Promise<void>[]
  /** Sets down at once what is not saved. Nothing comes after it. */
  rescue(): void
}

/** Watches for the end of the process. */
export function onEnd(end: End): void {
  function begin(): Promise<void>[] {
    ending = true
    setTimeout(() => {
      ending = false
    }, LONGEST_END).unref()
    return end.save()
  }

  for (const signal of SIGNALS) {
    const onSignal = async () => {
      const saved = Promise.allSettled(begin())
      if (process.listenerCount(signal) > 1) return
      // Without this listener the signal would have ended the process.
      await saved
      end.rescue()
      process.off(signal, onSignal)
      process.kill(process.pid, signal)
    }
    process.prependListener(signal, onSignal)
  }
  // A listener for messages would keep alive a process that has a channel for them.
  if (process.channel !== undefined) {
    process.prependListener('message', (message) => {
      if (message === 'shutdown') Promise.allSettled(begin())
    })
  }
  process.on('exit', () => end.rescue())
}
