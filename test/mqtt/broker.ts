/** A real MQTT broker, Mosquitto, that can be stopped and started again. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'

/** Whether Mosquitto is installed; Debian keeps it where only root looks. */
export const MOSQUITTO = ['mosquitto', '/usr/sbin/mosquitto'].find((command) => {
  try {
    execFileSync(command, ['-h'], { stdio: 'ignore' })
    return true
  } catch (error) {
    // With -h it ends with 3.
    return (error as { status?: number }).status === 3
  }
})

export class Broker {
  readonly port: number
  #child: ChildProcess | undefined
  #log = ''

  constructor(port: number) {
    this.port = port
  }

  /** How many messages it has taken on a topic, over all its starts. */
  taken(topic: string): number {
    return this.#log
      .split('\n')
      .filter((line) => /Received PUBLISH/.test(line) && line.includes(topic)).length
  }

  /** Starts the process, and resolves once it takes connections. */
  async start(): Promise<void> {
    this.#child = spawn(MOSQUITTO as string, ['-v', '-p', String(this.port)])
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk) => {
        this.#log += chunk
      })
    }
    while (!(await this.#takesConnections())) {
      if (this.#child.exitCode !== null) throw new Error('Mosquitto ended')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Has the process stand still: what is sent to it is never confirmed. */
  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  /** Kills the process, with all that it holds. */
  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  #takesConnections(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1')
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
  }
}
